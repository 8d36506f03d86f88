"""`python -m tests.corpus [CORPUS_DIR]`: one line per log that differs, and a score."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

from tests.corpus.score import SECTIONS, Result, Total, jobs_of, judge_all

#: More places than these are counted only.
_NAMED = 20


def main(arguments: list[str] | None = None) -> int:
    """Judge the corpus; 0 unless `--strict` is given and something differs."""
    options = _options(arguments)
    corpus = options.corpus.resolve()
    if not corpus.is_dir():
        print(f"no corpus at {corpus}: nothing judged (set OOMDB_CORPUS or name a folder)")
        return 0
    if options.engines:
        from tests.corpus.engines import compare

        return compare(corpus)
    started = time.monotonic()
    jobs = jobs_of(corpus, options.section or SECTIONS, options.only)
    totals = {section: Total() for section in SECTIONS}
    remarks: dict[str, list[tuple[str, str]]] = {}
    for result in judge_all(jobs, options.jobs):
        totals[result.job.section].add(result.verdict)
        for remark in result.verdict.remarks:
            place = f"{result.job.name}: {remark.where}"
            remarks.setdefault(remark.kind, []).append((remark.explanation, place))
        for line in _lines(result, options.all):
            print(line, flush=True)
    print()
    for section, total in totals.items():
        if total.logs:
            print(f"{section:9} {total}")
    for kind, found in sorted(remarks.items()):
        print()
        for line in _counted(kind, found):
            print(line)
    print(f"{time.monotonic() - started:.0f} s")
    wrong = any(total.logs != total.logs_right for total in totals.values())
    return 1 if options.strict and wrong else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    checkout = Path(__file__).resolve().parents[2]
    default = Path(os.environ.get("OOMDB_CORPUS") or checkout.parent / "shared" / "corpus")
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=default)
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--only", default="", metavar="TEXT", help="logs whose path contains TEXT")
    parser.add_argument("--section", action="append", choices=SECTIONS, help="may be repeated")
    parser.add_argument("--all", action="store_true", help="every difference on a line of its own")
    parser.add_argument(
        "--engines", action="store_true", help="compare all views on three engines instead"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 when anything differs")
    return parser.parse_args(arguments)


def _counted(kind: str, found: list[tuple[str, str]]) -> list[str]:
    """How often each explanation was given; what is rare, by place."""
    counts = Counter(explanation for explanation, _ in found)
    lines = [f"{kind}: {len(found)}"]
    for explanation, count in counts.most_common():
        lines.append(f"  {count:4} {explanation}")
        if count <= _NAMED:
            lines += [f"         {place}" for one, place in found if one == explanation]
    return lines


def _lines(result: Result, every: bool) -> list[str]:
    differences = result.verdict.differences
    if not differences:
        return []
    if every:
        return [f"{result.job.name}: {difference}" for difference in differences]
    more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
    return [f"{result.job.name}: {differences[0]}{more}"]


if __name__ == "__main__":
    sys.exit(main())
