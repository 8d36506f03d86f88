"""Who was killed, and whether it was the top of the kernel's ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.explain import page as words
from oomdb.explain import ranking

if TYPE_CHECKING:
    from oomdb.explain.citations import Citations
    from oomdb.explain.event import Event
    from oomdb.explain.memory import Memory
    from oomdb.explain.page import Page
    from oomdb.explain.ranking import Badness
    from oomdb.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Victim:
    """One killed process; fields as in `victims`."""

    victim_no: int
    role: str | None
    pid: int | None
    comm: str | None
    uid: int | None
    score: int | None
    total_vm_kb: int | None
    anon_rss_kb: int | None
    file_rss_kb: int | None
    shmem_rss_kb: int | None
    pgtables_kb: int | None
    oom_score_adj: int | None
    reaper_outcome: str | None

    @property
    def name(self) -> str:
        """The victim as a person names it."""
        return words.named(self.comm, self.pid)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The process that the ranking chose, where printed; fields as in `events`."""

    chosen_pid: int | None
    chosen_comm: str | None
    chosen_score: int | None


@dataclass(frozen=True, slots=True)
class Killing:
    """Who died, who was chosen, and the part of the ranking that tells why."""

    victims: tuple[Victim, ...]
    chosen: Chosen
    ranking: tuple[Badness, ...]


def read(connection: Connection, event: Event) -> Killing:
    """The victims in order of death."""
    (chosen,) = reading.typed(connection, "events", Chosen, event.event_id)
    victims = reading.typed(connection, "victims", Victim, event.event_id, "victim_no")
    return Killing(victims, chosen, ranking.read(connection, event))


def tell(page: Page, killing: Killing, event: Event, memory: Memory, cited: Citations) -> None:
    """The first victim with what it held, the others in short, then the ranking."""
    page.heading("Who was killed, and was it the right one")
    if not killing.victims:
        page.say(_NOBODY.get(event.kind, "Unknown: the report does not show who was killed."))
        return
    page.say(_sentence(killing.victims[0]) + _lines(killing.victims[0], cited), hanging=5)
    for victim in killing.victims[1:]:
        page.say(_short(victim) + _lines(victim, cited), hanging=5)
    if event.oom_group_memcg is not None:
        page.say(
            f"The cgroup {event.oom_group_memcg} is set to die as a whole (memory.oom.group)."
            + cited.of("group_kill")
        )
    chosen, first = killing.chosen, killing.victims[0]
    if chosen.chosen_pid is not None and chosen.chosen_pid != first.pid:
        page.say(
            f"The ranking chose {words.named(chosen.chosen_comm, chosen.chosen_pid)}; kernels"
            " up to 5.0 then kill one of its children in its place, if that has memory of its"
            " own."
        )
    ranking.tell(page, killing.ranking, memory, cited)


def _lines(victim: Victim, cited: Citations) -> str:
    """Where its death is printed; without a pid nothing tells its lines from the others'."""
    if victim.pid is None:
        return ""
    return cited.of("killed", "killed_sharing_mm", "reaped", "not_reaped", pid=victim.pid)


_NOBODY = {
    "no_victim": "Nobody: no process could be killed.",
    "panic": "Nobody: the kernel panicked.",
    "allocation_failure": "Nobody: only the one request failed.",
    "memory_dump": "Nobody: this is only a print of the memory's state.",
}

_ROLES = {"group": ", killed with its cgroup", "sharing_mm": ", shared the victim's memory"}


def _resident(victim: Victim) -> list[tuple[int, str]]:
    """The printed parts of what it held in RAM [kB], with their kinds."""
    parts = [
        (victim.anon_rss_kb, "anonymous"),
        (victim.file_rss_kb, "file"),
        (victim.shmem_rss_kb, "shared"),
    ]
    return [(size, what) for size, what in parts if size is not None]


def _short(victim: Victim) -> str:
    printed = _resident(victim)
    held = words.kb(sum(size for size, _ in printed)) if printed else "unknown"
    return f"Also {victim.name}: {held} in RAM{_ROLES.get(victim.role or '', '')}."


def _sentence(victim: Victim) -> str:
    text = victim.name if victim.uid is None else f"{victim.name} of user {victim.uid}"
    printed = _resident(victim)
    if printed:
        sums = " + ".join(f"{size:,} ({what})" for size, what in printed)
        total = words.kb_and_gib(sum(size for size, _ in printed))
        text += f" held in RAM {sums} = {total}"
    else:
        text += "; what it held in RAM is not printed"
    if victim.pgtables_kb is not None:
        text += f", and page tables of {words.kb(victim.pgtables_kb)}"
    if victim.total_vm_kb is not None:
        text += f". It had mapped {words.kb_and_gib(victim.total_vm_kb)} of addresses (total-vm)"
    if victim.oom_score_adj:
        text += f". Its oom_score_adj was {victim.oom_score_adj}"
    if victim.reaper_outcome not in (None, "reaped"):
        text += f". The OOM reaper could not free it at once: {victim.reaper_outcome}"
    return text + "."
