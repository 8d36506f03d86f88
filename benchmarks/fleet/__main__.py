"""`python -m benchmarks.fleet FOLDER`: writes a fleet's logs, and what is true of them."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.fleet.fleet import Fleet, write


def main() -> None:
    usual = Fleet()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where logs/ and truth.json are written")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--hosts", type=int, default=usual.hosts)
    parser.add_argument("--events", type=int, default=usual.events)
    parser.add_argument("--days", type=int, default=usual.days)
    parser.add_argument("--lines-an-hour", type=int, default=usual.lines_an_hour)
    parser.add_argument("--processes", type=int, help="rows of every process table")
    arguments = vars(parser.parse_args())
    folder = arguments.pop("folder")
    truths = write(Fleet(**arguments), folder / "logs")
    told = [asdict(truth) for truth in truths]
    Path(folder, "truth.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
