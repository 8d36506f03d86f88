"""`oomanalyser.py CHECKOUT REPORTS LOG...`: OOMAnalyser on every report of logs, in one process.

It reads one report at a time, so a log is cut at the line that starts one. Fails unless it
understood all of them, with a process table and a victim.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    checkout, count, *logs = sys.argv[1:]
    sys.path.insert(0, checkout)
    from OOMAnalyser import OOMAnalyser, OOMEntity  # type: ignore[import-not-found]

    understood = 0
    for log in logs:
        lines = Path(log).read_text(encoding="utf-8").splitlines(keepends=True)
        starts = [number for number, line in enumerate(lines) if "invoked oom-killer" in line]
        for first, last in zip(starts, [*starts[1:], len(lines)], strict=True):
            analyser = OOMAnalyser(OOMEntity("".join(lines[first:last])))
            if analyser.analyse():
                details = analyser.oom_result.details
                understood += details["killed_proc_pid"] in details["_pstable"]
    if understood != int(count):
        sys.exit(f"{understood} of {count} reports understood")


if __name__ == "__main__":
    main()
