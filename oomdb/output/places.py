"""Where results may not be written: over the database that they come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oomdb.errors import UsageError
from oomdb.store.lock import real

if TYPE_CHECKING:
    from pathlib import Path

#: What follows the name of a database in those of its companions: the copy that a writer works
#: on, the lock, what DuckDB puts beside either of them, and what was sent.
_COMPANION = re.compile(r"\.(staged|lock|wal|tmp|deliveries)(\..*)?", re.DOTALL)


def refuse_database(out: Path, database: Path, option: str) -> None:
    """UsageError when to write `out` would replace the database or what belongs to it.

    `option` is how the user named it.
    """
    published, target = real(database), real(out)
    if target == published or _is_same(target, published):
        raise UsageError(f"{option} {out} is the database itself; name another file")
    if any(_belongs(place, published) for place in (target, *target.parents)):
        raise UsageError(
            f"{option} {out} is a name that belongs to the database {database}; give another"
        )


def _belongs(place: Path, published: Path) -> bool:
    is_beside = place.parent == published.parent and place.name.startswith(published.name)
    return is_beside and bool(_COMPANION.fullmatch(place.name[len(published.name) :]))


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are one file under two names."""
    try:
        return one.samefile(other)
    except OSError:
        return False
