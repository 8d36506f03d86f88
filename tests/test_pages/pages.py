"""Pages of the samples, and what a parser that forgives nothing finds in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from justhtml import JustHTML

from oomdb import databases, explain
from oomdb.ingest import ingest
from tests import samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from justhtml import Node

    from oomdb.store.connection import Connection

SEED = samples.ROOT / "rocketmq-8g.log"
#: What a browser would fetch, or obey, outside the hashes of the policy.
FETCHING = (
    *("iframe", "object", "embed", "form", "base", "video", "audio", "img", "image"),
    *("link:not([rel=icon])", "script[src]", "[srcset]", "[style]", "[ping]"),
)


def of(connection: Connection, event_id: str) -> str:
    """The page of one event."""
    return explain.as_html(connection, explain.explain(connection, event_id))


def of_log(log: Path, database: Path) -> str:
    """The page of the only event of one log, read into a database of its own."""
    ingest([log], database)
    with databases.open_for_reading(database) as reader:
        ((event_id,),) = reader.connection.execute("SELECT event_id FROM events").fetchall()
        return of(reader.connection, event_id)


def parsed(page: str) -> JustHTML:
    """The page's document; an error where it is no correct HTML."""
    return JustHTML(page, strict=True, sanitize=False)


def text(document: JustHTML | Node, selector: str) -> str:
    """The text of the first element that the selector finds."""
    return " ".join(document.query(selector)[0].to_text().split())


def attribute(node: Node, name: str) -> str:
    """The attribute, which must be there."""
    assert node.attrs is not None
    return node.attrs[name] or ""


def attributes(document: JustHTML, selector: str, name: str) -> list[str]:
    """The attribute of every element that the selector finds."""
    return [attribute(node, name) for node in document.query(selector)]


def squeezed(text: str) -> str:
    """`text` without its blanks, which elements between words add or leave out."""
    return "".join(text.split())


def cells(document: JustHTML, table: str) -> Iterator[list[str]]:
    """The rows of the table of that id."""
    for row in document.query(f"#{table} tbody tr"):
        yield [cell.to_text().strip() for cell in row.query("td")]


def check(page: str) -> JustHTML:
    """What holds for every page: correct, self-contained, accessible to follow; its document."""
    document = parsed(page)
    for selector in FETCHING:
        assert not document.query(selector), selector
    ids = attributes(document, "[id]", "id")
    assert len(ids) == len(set(ids))
    links = attributes(document, "[href]", "href")
    assert {link for link in links if not link.startswith("#")} <= {"data:,"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    for name in ("aria-labelledby", "aria-describedby"):
        assert set(attributes(document, f"[{name}]", name)) <= set(ids)
    for drawing in document.query("svg"):
        assert attribute(drawing, "role") == "img"
        assert text(drawing, "title")
        assert text(drawing, "desc")
    assert [node.name for node in document.query("h1")] == ["h1"]
    shown = re.sub(r"[\t\n]", "", page)
    assert shown.isprintable(), [c for c in shown if not c.isprintable()][:5]
    assert "None" not in document.query("main")[0].to_text()
    return document
