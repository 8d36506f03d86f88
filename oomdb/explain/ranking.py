"""The kernel's ranking of whom to kill, with its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    import duckdb

    from oomdb.explain.event import Event
    from oomdb.explain.page import Page

_TOP = 3
#: A score is a thousandth of all memory: less than this is not worth a sentence.
_NOTABLE_SCORE = 10


@dataclass(frozen=True, slots=True)
class Badness:
    """One process in the ranking; fields as in the view `score_audit`."""

    pid: int | None
    comm: str | None
    oom_score_adj: int | None
    rss_pages: int | None
    swap_pages: int | None
    page_table_pages: int | None
    total_pages: int | None
    points: int | None
    score: int | None
    score_root: int | None
    score_without_page_tables: int | None
    score_printed: int | None
    score_matches: bool | None
    badness_rank: int | None
    is_chosen: bool
    is_victim: bool
    is_top: bool
    reason: str | None

    @property
    def name(self) -> str:
        """The process as a person names it."""
        return words.named(self.comm, self.pid)


def read(connection: duckdb.DuckDBPyConnection, event: Event) -> tuple[Badness, ...]:
    """The three highest, the victims and the chosen process, by rank."""
    order = "badness_rank NULLS LAST, row_no"
    everyone = reading.typed(connection, "score_audit", Badness, event.event_id, order)
    return tuple(
        process
        for position, process in enumerate(everyone)
        if position < _TOP or process.is_chosen or process.is_victim
    )


def tell(page: Page, ranking: tuple[Badness, ...]) -> None:
    """The chosen process's badness worked out, its rank, and who came next."""
    chosen = next((process for process in ranking if process.is_chosen), None)
    if chosen is None:
        page.say("Its place in the ranking is unknown: the process table does not show it.")
        return
    page.say(
        "The kernel ranks processes by badness: the pages that a process holds in RAM (rss), in"
        " swap and for its page tables, moved by its oom_score_adj (-1000: never, 1000: first)."
    )
    _tell_points(page, chosen)
    _tell_printed_score(page, chosen)
    _tell_rank(page, chosen)
    others = [
        process for process in ranking if not process.is_chosen and process.points is not None
    ]
    if others:
        page.say("Others: " + "; ".join(map(_standing, others[:_TOP])) + ".")


def _tell_points(page: Page, chosen: Badness) -> None:
    if chosen.points is None or chosen.rss_pages is None:
        page.say(f"{chosen.name}: its badness cannot be worked out from what is printed.")
        return
    swap, tables = chosen.swap_pages or 0, chosen.page_table_pages or 0
    swap_text = "swap (not printed, taken as 0)" if chosen.swap_pages is None else "swap"
    tables_text = "page tables"
    if chosen.page_table_pages is None:
        tables_text += " (not printed, taken as 0)"
    terms = f"{chosen.rss_pages:,} rss + {swap:,} {swap_text} + {tables:,} {tables_text}"
    moved = chosen.points - chosen.rss_pages - swap - tables
    if moved:
        sign = "+" if moved > 0 else "-"
        terms += f" {sign} {abs(moved):,} for oom_score_adj {chosen.oom_score_adj}"
    page.say(f"{chosen.name}: {terms} = {chosen.points:,} pages.", hanging=5)
    if chosen.score is None or chosen.total_pages is None:
        return
    text = (
        f"As a score, in thousandths of the {words.plural(chosen.total_pages, 'page')} that could"
        f" be used: {chosen.points:,} x 1,000 / {chosen.total_pages:,} = {chosen.score:,}"
    )
    without = chosen.score_without_page_tables
    if without is not None and abs(chosen.score - without) >= _NOTABLE_SCORE:
        text += f" (without its page tables: {without:,})"
    page.say(text + ".", indent=5)


def _tell_printed_score(page: Page, chosen: Badness) -> None:
    printed = chosen.score_printed
    if printed is None:
        return
    if not chosen.score_matches:
        page.say(f"The kernel printed {printed:,}: that does not agree.", indent=5)
    elif chosen.score is not None and abs(chosen.score - printed) <= 1:
        page.say(f"The kernel printed {printed:,}: that agrees.", indent=5)
    else:
        page.say(
            f"The kernel printed {printed:,}: that agrees with {chosen.score_root}, the score"
            " with the 3 % that kernels up to 4.16 forgave root.",
            indent=5,
        )


_REASONS = {
    "allocating_task": "vm.oom_kill_allocating_task is set: who asks is killed, without ranking",
    "within_tolerance": "the difference is within what changes between ranking and printing",
    "scope": "the table lists processes that this kill could not choose",
    "not_recomputable": "its badness cannot be worked out from what is printed",
    "unexplained": "nothing in the report explains it",
}


def _tell_rank(page: Page, chosen: Badness) -> None:
    if chosen.is_top:
        page.say("It was the top of the ranking.")
    elif chosen.badness_rank is None:
        page.say("Its place in the ranking is unknown.")
    else:
        reason = _REASONS.get(chosen.reason or "", chosen.reason or "reason unknown")
        page.say(f"It was not the top of the ranking but number {chosen.badness_rank}: {reason}.")


def _standing(process: Badness) -> str:
    rank = "not in the ranking" if process.badness_rank is None else f"no. {process.badness_rank}"
    score = "" if process.score is None else f", score {process.score:,}"
    return f"{process.name} {rank}{score}"
