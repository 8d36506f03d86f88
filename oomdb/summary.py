"""What an ingest did or a verification found, for people and programs; progress on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from oomdb import sizes
from oomdb.output import terminal, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oomdb.ingest import Summary
    from oomdb.verify import Verified

_MOST_KEYS = 10


def as_json(summary: Summary) -> str:
    """The summary as one JSON object."""
    fields = asdict(summary)
    fields["set_aside"] = [{"path": path, "reason": reason} for path, reason in summary.set_aside]
    return writer.json_text(fields, indent=2)


def _bytes(count: int) -> str:
    """`count` bytes, and from 1 KiB up what that is in the largest unit that it fills."""
    exact, short = f"{count:,} bytes", sizes.shown(count)
    return exact if exact == short else f"{exact} ({short})"


def as_text(summary: Summary) -> str:
    """The summary in a few lines; it counts the sources set aside but does not name them."""
    known = f" ({summary.known_files:,} read before)" if summary.known_files else ""
    lines = [f"files      {summary.files:,}{known}, {_bytes(summary.bytes)}"]
    if not summary.new_events + summary.known_events:
        lines.append("events     none: no OOM report was found")
    else:
        kinds = ", ".join(f"{kind} {n:,}" for kind, n in sorted(summary.events_by_kind.items()))
        lines += [
            f"events     {summary.new_events:,} new{f' ({kinds})' if kinds else ''},"
            f" {summary.known_events:,} already known",
            f"hosts      {summary.hosts:,}",
            f"damaged    {summary.damaged_events:,} of the new events",
            f"unparsed   {summary.unparsed_lines:,} lines not understood",
        ]
    if summary.unknown_keys:
        often = sorted(summary.unknown_keys.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{key} ({n:,})" for key, n in often[:_MOST_KEYS])
        lines.append(f"new keys   {named}{', ...' if len(often) > _MOST_KEYS else ''}")
    if summary.set_aside:
        lines.append(f"set aside  {len(summary.set_aside):,} that could not be read")
    return "\n".join(terminal.printable(line) for line in lines)


def verified_as_json(done: Verified) -> str:
    """What a verification found, as one JSON object."""
    return writer.json_text(asdict(done), indent=2)


def verified_as_text(done: Verified) -> str:
    """What a verification went through in a few lines, then a line for each problem."""
    lines = [
        f"tables     {done.tables:,} read in full, {done.rows:,} rows",
        f"evidence   {done.evidence:,} sightings",
        f"custody    {done.entries:,} entries, the last {done.head or 'none'}",
    ]
    if done.originals is not None:
        files = done.originals
        lines.append(
            f"logs       {files.same:,} as they were read, {files.grown:,} grown,"
            f" {files.moved:,} moved, {files.gone:,} gone, {len(files.differing):,} different"
        )
    lines.append(f"problems   {f'{len(done.problems):,}' if done.problems else 'none'}")
    lines += [f"{one.check}: {one.subject}: {one.problem}" for one in done.problems]
    return "\n".join(terminal.printable(line) for line in lines)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None] | None]:
    """A callback that shows files and bytes read so far; None where stderr is no terminal."""
    if not terminal.is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading")

        def show(files: int, size: int, name: str) -> None:
            text = f"{files:,} files, {sizes.shown(size)}  {terminal.printable(name)}"
            progress.update(task, description=text)

        yield show


@contextmanager
def share_of(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A callback that shows how many are done, of all; None where stderr is no terminal."""
    if not terminal.is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, every: progress.update(task, completed=done, total=every)
