"""Judge every log of a corpus, in several processes, and add up the score."""

from __future__ import annotations

import lzma
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.corpus.arithmetic import judge_arithmetic
from tests.corpus.compare import (
    Difference,
    Verdict,
    judge_carrier,
    judge_decoy,
    judge_kept,
    judge_lab,
    judge_seed,
)
from tests.corpus.found import ingest_one
from tests.corpus.printed import cut, raw_lines
from tests.corpus.public import judge_public
from tests.corpus.reviewed import NOT_OF_THE_REPORT, corrected
from tests.corpus.truth import read_carrier, read_lab, read_public

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.corpus.found import Event

SECTIONS = ("lab", "seed", "public", "decoys", "carriers")
_HEADER = b"invoked oom-killer"
_NOT_LOGS = frozenset({"truth.json", "gt.jsonl", "gt-batch.jsonl", "gt-leaky.jsonl"})


@dataclass(frozen=True)
class Job:
    """One log to judge."""

    section: str
    log: Path
    time_limit_s: int = 120

    @property
    def name(self) -> str:
        """Folder and file, as printed in the list of differences."""
        return f"{self.log.parent.name}/{self.log.name}"


@dataclass(frozen=True)
class Result:
    """The judgement of one job."""

    job: Job
    verdict: Verdict


def jobs_of(corpus: Path, sections: Sequence[str], wanted: str = "") -> list[Job]:
    """The logs of `sections` whose name contains `wanted`, in a fixed order."""
    jobs = []
    for section in sections:
        jobs += [Job(section, log) for log in _logs(corpus, section) if wanted in str(log)]
    return jobs


def _logs(corpus: Path, section: str) -> Iterator[Path]:
    if section in ("lab", "seed"):
        yield from sorted((corpus / section).glob("*.log"))
    elif section in ("public", "decoys"):
        for log in sorted((corpus / "public").glob("*.log")):
            if log.name.startswith("decoy-") == (section == "decoys"):
                yield log
    else:
        for folder in sorted((corpus / "carriers").glob("*/")):
            if read_carrier(folder) is not None:
                files = (path for path in folder.iterdir() if path.is_file())
                yield from sorted(path for path in files if path.name not in _NOT_LOGS)


def judge(job: Job) -> Result:
    """Ingest and judge one log; a crash of oomdb is a difference like any other."""
    try:
        return Result(job, _compare(job, ingest_one(job.log, job.time_limit_s)))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return _crashed(job, f"{type(error).__name__}: {error}")


def _compare(job: Job, events: Sequence[Event]) -> Verdict:
    truth = job.log.with_suffix(".json")
    if job.section == "carriers":
        expected = read_carrier(job.log.parent) or []
        return judge_carrier(expected if _tells_of_oom(job.log) else [], events)
    if job.section == "lab":
        verdict = judge_lab(read_lab(truth), cut(raw_lines(job.log.read_bytes())), events)
    elif job.section == "seed":
        verdict = judge_seed(events)
    elif job.section == "public":
        verdict = judge_public(corrected(job.log.stem, read_public(truth)), events)
    else:
        verdict = judge_decoy(events)
    judge_kept(verdict, events, NOT_OF_THE_REPORT.get(job.log.stem, {}))
    judge_arithmetic(verdict, events)
    return verdict


def _tells_of_oom(log: Path) -> bool:
    content = log.read_bytes()
    if log.suffix == ".xz":
        content = lzma.decompress(content)
    return _HEADER in content


def _crashed(job: Job, reason: str) -> Result:
    """A log that could not be read at all: every report that it holds is lost."""
    reports = max(1, job.log.read_bytes().count(_HEADER))
    truth = job.log.with_suffix(".json")
    if job.section == "public" and truth.exists():
        reports = len(corrected(job.log.stem, read_public(truth)))
    verdict = Verdict(reports=0 if job.section == "decoys" else reports)
    verdict.differences.append(Difference("crash", "no exception", reason))
    return Result(job, verdict)


def judge_all(jobs: Sequence[Job], processes: int) -> Iterator[Result]:
    """Judge `jobs` in their order; a process that dies costs its own log only."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures = [pool.submit(judge, job) for job in jobs]
        for job, future in zip(jobs, futures, strict=True):
            try:
                yield future.result()
            except BrokenProcessPool:
                yield _judge_alone(job)


def _judge_alone(job: Job) -> Result:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(judge, job).result()
        except BrokenProcessPool:
            return _crashed(job, "the process died")


@dataclass
class Total:
    """The score of one section."""

    logs: int = 0
    logs_right: int = 0
    reports: int = 0
    reports_right: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one log."""
        self.logs += 1
        self.logs_right += verdict.right
        self.reports += verdict.reports
        self.reports_right += verdict.reports_right

    def __str__(self) -> str:
        return (
            f"{self.logs_right} / {self.logs} logs right, "
            f"{self.reports_right} / {self.reports} reports right"
        )
