"""The kernel's ranking of whom to kill, with its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words

if TYPE_CHECKING:
    from oomdb.explain.citations import Citations
    from oomdb.explain.event import Event
    from oomdb.explain.memory import Memory
    from oomdb.explain.page import Page
    from oomdb.store.connection import Connection

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
    total_basis: str | None
    points: int | None
    points_root: int | None
    score: int | None
    score_root: int | None
    score_without_page_tables: int | None
    score_printed: int | None
    score_rule: str | None
    score_difference: int | None
    score_matches: bool | None
    badness_rank: int | None
    is_chosen: bool | None
    is_victim: bool | None
    is_top: bool | None
    reason: str | None

    @property
    def name(self) -> str:
        """The process as a person names it."""
        return words.named(self.comm, self.pid)


def read(connection: Connection, event: Event) -> tuple[Badness, ...]:
    """The three highest, the victims and the chosen process, by rank."""
    order = "badness_rank NULLS LAST, row_no"
    everyone = reading.typed(connection, "score_audit", Badness, event.event_id, order)
    return tuple(
        process
        for position, process in enumerate(everyone)
        if position < _TOP or process.is_chosen or process.is_victim
    )


def tell(page: Page, ranking: tuple[Badness, ...], memory: Memory, cited: Citations) -> None:
    """The chosen process's badness worked out, its rank, and who came next."""
    chosen = next((process for process in ranking if process.is_chosen), None)
    if chosen is None:
        page.say("Its place in the ranking is unknown: the process table does not show it.")
        return
    page.say(
        "The kernel ranks processes by badness: the pages that a process holds in RAM (rss), in"
        " swap and for its page tables, moved by its oom_score_adj (-1000: never, 1000: first)."
    )
    row = cited.of("task", pid=chosen.pid) if chosen.pid is not None else ""
    _tell_points(page, chosen, memory, row)
    _tell_printed_score(page, chosen, cited.of("kill_chosen"))
    _tell_rank(page, ranking)
    others = [process for process in ranking if not process.is_chosen and process.badness_rank]
    if others:
        page.say("Others: " + "; ".join(map(_standing, others[:_TOP])) + ".")


def _tell_points(page: Page, chosen: Badness, memory: Memory, cited: str) -> None:
    if chosen.points is None or chosen.rss_pages is None:
        page.say(f"{chosen.name}: its badness cannot be worked out from what is printed.")
        return
    own, terms = chosen.rss_pages, [f"{chosen.rss_pages:,} rss"]
    for pages, what in ((chosen.swap_pages, "swap"), (chosen.page_table_pages, "page tables")):
        if pages is None:
            terms.append(f"{what} (not printed)")
        else:
            own += pages
            terms.append(f"{pages:,} {what}")
    text = " + ".join(terms)
    moved = chosen.points - own
    if moved:
        sign = "+" if moved > 0 else "-"
        text += f" {sign} {abs(moved):,} for its oom_score_adj of {chosen.oom_score_adj}"
    page.say(f"{chosen.name}: {text} = {words.plural(chosen.points, 'page')}.{cited}", hanging=5)
    if chosen.score is None or chosen.total_pages is None:
        return
    text = (
        f"As a score, in thousandths of {_TOTALS.get(chosen.total_basis or '', 'all memory')},"
        f" {_worked_out(chosen.total_pages, memory)}: {chosen.points:,} x 1,000 /"
        f" {chosen.total_pages:,} = {chosen.score:,}"
    )
    without = chosen.score_without_page_tables
    if without is not None and abs(chosen.score - without) >= _NOTABLE_SCORE:
        text += f" (without its page tables: {without:,})"
    page.say(text + ".", indent=5)


_TOTALS = {
    "ram": "RAM and swap",
    "managed": "RAM (by the sizes of the zones) and swap",
    "nodes": "the RAM of the allowed nodes and swap",
    "cgroup": "the cgroup's limit",
    "cgroup_and_swap": "the cgroup's limit and its swap",
}


def _worked_out(total_pages: int, memory: Memory) -> str:
    """The total, with the sum of RAM and swap where that is what it is."""
    total, totals = words.plural(total_pages, "page"), memory.totals
    if totals.ram_pages is None or totals.reserved_pages is None:
        return total
    terms = f"{totals.ram_pages:,} - {totals.reserved_pages:,} reserved"
    swap_pages = 0
    if totals.swap_total_kb and memory.page_size_kb:
        swap_pages = totals.swap_total_kb // memory.page_size_kb
        terms += f" + {swap_pages:,} of swap"
    if totals.ram_pages - totals.reserved_pages + swap_pages != total_pages:
        return total
    return f"{terms} = {total}"


def _tell_printed_score(page: Page, chosen: Badness, cited: str) -> None:
    printed = chosen.score_printed
    if printed is None:
        return
    if not chosen.score_matches:
        page.say(f"The kernel printed {printed:,}: that does not agree.{cited}", indent=5)
    elif chosen.score_rule == "plain":
        page.say(f"The kernel printed {printed:,}: that agrees.{cited}", indent=5)
    else:
        page.say(
            f"The kernel printed {printed:,}: that agrees with {chosen.score_root}, the score"
            f" less the bonus that kernels up to 4.16 gave root.{cited}",
            indent=5,
        )


_REASONS = {
    "allocating_task": "vm.oom_kill_allocating_task is set, so who asks is killed, unranked",
    "group_kill": "it died because its whole cgroup was killed",
    "shares_memory": "it died because it shared the victim's memory",
    "child_sacrificed": "it died in place of its parent, which the ranking chose",
    "later_kill": "it was killed after the first victim",
    "top_already_killed": "the top had been killed a moment before and was still dying",
    "within_tolerance": "the difference is within what changes between choice and print",
    "report_damaged": "the report is damaged, so numbers may be missing",
    "not_recomputable": "its badness cannot be worked out from what is printed",
    "unexplained": "nothing in the report explains it",
}


def _tell_rank(page: Page, ranking: tuple[Badness, ...]) -> None:
    for process in ranking:
        if process.is_chosen and process.is_top:
            page.say(f"{process.name} was the top of the ranking.")
        elif process.is_chosen:
            place = "has no known place in the ranking"
            if process.badness_rank is not None:
                place = f"was number {process.badness_rank:,} of the ranking"
            reason = _REASONS.get(process.reason or "", process.reason)
            page.say(f"{process.name} {place}{f': {reason}' if reason else ''}.")


def _standing(process: Badness) -> str:
    score = "" if process.score is None else f", score {process.score:,}"
    return f"{process.name} no. {process.badness_rank}{score}"
