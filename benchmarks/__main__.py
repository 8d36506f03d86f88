"""`python -m benchmarks`: measures every row of the table, or those that are named."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import page
from benchmarks.harness import Context, write_json

if TYPE_CHECKING:
    from benchmarks.harness import Result

#: The modules that measure, in the order of the table.
SCRIPTS = (
    "plain",
    "compressed",
    "dense",
    "workers",
    "unchanged",
    "views",
    "size",
    "peak",
    "start",
)


def main() -> None:
    arguments = _parser().parse_args()
    given = arguments.oomanalyser or os.environ.get("OOMANALYSER")
    if given and not Path(given, "OOMAnalyser.py").is_file():
        sys.exit(f"no OOMAnalyser.py in {given}")
    folder = nullcontext(str(arguments.work)) if arguments.work else tempfile.TemporaryDirectory()
    with folder as work:
        Path(work).mkdir(parents=True, exist_ok=True)
        context = Context(
            work=Path(work).resolve(),
            short=arguments.short,
            runs=arguments.runs or (2 if arguments.short else 7),
            oomanalyser=Path(given).resolve() if given else None,
        )
        results: list[Result] = []
        for script in arguments.scripts or SCRIPTS:
            results += page.told(import_module(f"benchmarks.{script}").measure(context))
    if arguments.json:
        write_json(arguments.json, results)
    if arguments.write:
        page.write(arguments.write, results, is_short=arguments.short)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scripts", nargs="*", choices=[[], *SCRIPTS], metavar="ROW")
    parser.add_argument("--short", action="store_true", help="smaller inputs, fewer runs")
    parser.add_argument("--runs", type=int, help="pairs of runs of each row")
    parser.add_argument("--work", type=Path, help="folder that keeps the inputs; else a new one")
    parser.add_argument("--oomanalyser", help="a checkout of OOMAnalyser; else OOMANALYSER")
    parser.add_argument("--json", type=Path, help="file for everything that was measured")
    parser.add_argument("--write", type=Path, help="page whose measured part is written anew")
    return parser


if __name__ == "__main__":
    main()
