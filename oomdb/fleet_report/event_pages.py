"""The pages of many events, written by several processes.

To draw a page takes longer than to read what it shows. So `pages.json` keeps for each page a
digest of what it was made of, and one of its content: where both still hold, the page is as
it would be written, and is left as it is.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb import databases, explain, processes
from oomdb.databases import mark, shared_state
from oomdb.errors import OomdbError
from oomdb.publishing import replacing
from oomdb.store.connection import server_session
from oomdb.store.places import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.explain.html.details import Details
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place

KEYS = "pages.json"
#: Pages that a process is given at once; fewer are made without further processes.
_SHARE = 16


@dataclass(frozen=True, slots=True)
class Key:
    """Digests of a page: of all that it was made of, and of its bytes."""

    facts: str
    content: str


@dataclass(frozen=True, slots=True)
class _Share:
    """Events whose pages one process makes, with the keys of pages that are there."""

    folder: Path
    up: str
    event_ids: Sequence[str]
    known: dict[str, Key]


def put(path: Path, content: bytes) -> bool:
    """Write the file unless it holds the content already; whether it was written."""
    try:
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    except OSError:
        pass
    with replacing(path) as file:
        file.write(content)
    return True


def read_keys(path: Path) -> dict[str, Key]:
    """The keys that a run before has kept; none where they cannot be read."""
    try:
        kept = json.loads(path.read_bytes())
        return {
            event_id: Key(str(facts), str(content)) for event_id, (facts, content) in kept.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def keys_text(keys: dict[str, Key]) -> str:
    """The keys as a file keeps them."""
    kept = {event_id: [key.facts, key.content] for event_id, key in sorted(keys.items())}
    return json.dumps(kept, indent=0) + "\n"


def write_pages(
    connection: Connection,
    database: Place,
    folder: Path,
    event_ids: Sequence[str],
    known: dict[str, Key],
    up: str,
    jobs: int,
) -> Iterator[tuple[dict[str, Key], int]]:
    """Write the page of each event, by as many processes as `jobs` tells.

    They show what `connection` sees of the database. Gives, share by share, the keys of its
    pages and how many were new or changed. `up` is the page that they lead to. OomdbError when
    the database is not the same for all, or a process ended.
    """
    shares = [
        _Share(folder, up, ids, {one: known[one] for one in ids if one in known})
        for at in range(0, len(event_ids), _SHARE)
        for ids in [event_ids[at : at + _SHARE]]
    ]
    identity = shared_state(connection, database)
    with ExitStack() as stack:
        if jobs <= 1 or len(shares) <= 1:
            _begin(database, identity)
            stack.callback(_end)
            results: Iterator[tuple[dict[str, Key], int]] = map(_write_share, shares)
        else:
            pool = stack.enter_context(
                processes.pool(
                    min(jobs, len(shares)), _begin_worker, (database, identity), doing="made pages"
                )
            )
            results = pool.map(_write_share, shares)
        yield from results


_opened = ExitStack()
_connection: Connection | None = None
_replaced = False


def _begin(database: Place, identity: object) -> None:
    """Open the database, which must be the one that the report was read from."""
    global _connection, _replaced
    is_server = isinstance(database, Server)
    reader = databases.open_for_reading(database, str(identity) if is_server else None)
    _connection = _opened.enter_context(reader).connection
    _replaced = not is_server and mark(database) != identity


def _end() -> None:
    global _connection
    _connection = None
    _opened.close()


def _begin_worker(database: Place, identity: object) -> None:
    """Open the database in a process of several, which share the processors already."""
    _begin(database, identity)
    assert _connection is not None
    if server_session(_connection) is None:
        _connection.execute("SET threads = 1")


def _write_share(share: _Share) -> tuple[dict[str, Key], int]:
    """Write the pages of some events: their keys, and how many were new or changed."""
    assert _connection is not None
    if _replaced:
        raise OomdbError("the database was replaced while its pages were written; run it again")
    keys, written = {}, 0
    for event_id in share.event_ids:
        path = share.folder / f"{event_id}.html"
        story = explain.explain(_connection, event_id)
        shown = explain.beyond(_connection, story)
        facts = _facts_digest(story, shown, share.up)
        kept = share.known.get(event_id)
        if kept is None or kept.facts != facts or _content_digest(path) != kept.content:
            content = explain.drawn(story, shown, share.up).encode("utf-8", "backslashreplace")
            written += put(path, content)
            kept = Key(facts, sha256(content).hexdigest())
        keys[event_id] = kept
    return keys, written


def _facts_digest(story: explain.Story, shown: Details, up: str) -> str:
    """Stands for all that a page follows from."""
    return sha256(f"{_code_digest()} {up} {story} {shown}".encode(errors="replace")).hexdigest()


def _content_digest(path: Path) -> str | None:
    """The digest of a file; None where it cannot be read."""
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


@cache
def _code_digest() -> str:
    """Stands for what makes pages of facts: the modules, and the libraries that draw."""
    root = Path(explain.__file__).parent.parent
    made = sha256(f"{version('matplotlib')} {version('jinja2')}".encode())
    for folder in ("explain", "output", "pages"):
        for path in sorted(root.joinpath(folder).rglob("*")):
            if path.suffix in (".py", ".html", ".css", ".js"):
                made.update(path.read_bytes())
    return made.hexdigest()
