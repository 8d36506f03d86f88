"""Hosts in the words of a fleet report, and those that were asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb import reading
from oomdb.errors import OomdbError
from oomdb.explain.page import plural

if TYPE_CHECKING:
    from oomdb.store.connection import Connection

#: Names that an error proposes.
_MOST_NAMED = 3
#: How alike a name must be to be proposed, from 0 to 1.
_LIKENESS = 0.6


def where(hosts: int, unhosted: int, name: str | None = None) -> str:
    """On how many hosts, with a space before it; empty where nothing is known of hosts.

    `unhosted` are OOM reports of unknown hosts, `name` is that of the only host.
    """
    told = who(hosts, unhosted, name)
    return f" on {told.replace(' and hosts', ' and on hosts', 1)}" if told else ""


def who(hosts: int, unhosted: int, name: str | None = None) -> str:
    """How many hosts, and how many reports are of hosts that no log names."""
    told = []
    if hosts:
        told.append(name if name and hosts == 1 else plural(hosts, "host"))
    if unhosted:
        told.append(f"hosts that no log names ({plural(unhosted, 'report')})")
    return " and ".join(told)


def check_known(connection: Connection, patterns: tuple[str, ...]) -> None:
    """OomdbError, with the names that come close, where a pattern is for no host at all.

    A report of no host would tell for ever that nothing happened.
    """
    for pattern in patterns:
        sql = (
            "SELECT COUNT(*) AS found FROM hosts WHERE MATCHES_PATTERN(LOWER(hostname), ?)"
            " OR MATCHES_PATTERN(LOWER(hostname), ?)"
        )
        lower = pattern.lower()
        if not reading.records(connection, sql, [lower, lower + ".*"])[0]["found"]:
            close = _close(connection, lower)
            meant = f"; did you mean {', '.join(close)}?" if close else ""
            raise OomdbError(
                f"no host of the database is called {pattern!r}{meant} (oomdb hosts lists them)"
            )


def _close(connection: Connection, pattern: str) -> list[str]:
    """The host names most like a pattern in small letters, the most alike first."""
    from difflib import SequenceMatcher

    literal = pattern.strip("*")
    if not literal:
        return []
    matcher = SequenceMatcher(b=literal)
    alike = []
    sql = "SELECT DISTINCT hostname FROM hosts WHERE hostname IS NOT NULL ORDER BY hostname"
    for record in reading.records(connection, sql):
        lower = record["hostname"].lower()
        # What stands for the literal part: the begin, the end, the short or the whole name.
        if pattern.endswith("*"):
            compared = {lower[: len(literal)]}
        elif pattern.startswith("*"):
            compared = {lower[-len(literal) :]}
        else:
            compared = {lower, lower.partition(".")[0]}
        best = 0.0
        for text in sorted(compared):
            matcher.set_seq1(text)
            if matcher.real_quick_ratio() >= _LIKENESS and matcher.quick_ratio() >= _LIKENESS:
                best = max(best, matcher.ratio())
        if best >= _LIKENESS:
            alike.append((-best, record["hostname"]))
    return [name for _, name in sorted(alike)[:_MOST_NAMED]]
