"""`oomanalyser.py CHECKOUT LOG REPORTS`: OOMAnalyser on every report of a log, in one process.

It reads one report at a time, so the log is cut at the line that starts one. Fails unless it
understood all of them, with a process table and a victim.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    checkout, log, count = sys.argv[1:]
    sys.path.insert(0, checkout)
    from OOMAnalyser import OOMAnalyser, OOMEntity  # type: ignore[import-not-found]

    lines = Path(log).read_text(encoding="utf-8").splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if "invoked oom-killer" in line]
    understood = 0
    for first, last in zip(starts, [*starts[1:], len(lines)], strict=True):
        analyser = OOMAnalyser(OOMEntity("".join(lines[first:last])))
        if analyser.analyse():
            details = analyser.oom_result.details
            understood += len(details["_pstable"]) > 1 and int(details["killed_proc_pid"]) > 0
    if understood != int(count):
        sys.exit(f"{understood} of {count} reports understood")


if __name__ == "__main__":
    main()
