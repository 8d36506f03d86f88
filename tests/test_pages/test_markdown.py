"""The story as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from oomdb import databases, explain
from oomdb.explain import markdown
from oomdb.explain.blocks import Blocks
from oomdb.ingest import ingest
from tests.test_pages.pages import SEED

if TYPE_CHECKING:
    from pathlib import Path


def html(text: str) -> str:
    """Markdown as GitHub's dialect reads it."""
    return str(MarkdownIt("commonmark").enable("table").render(text))


def test_sections_tables_and_lists(tmp_path: Path) -> None:
    ingest([SEED], tmp_path / "oomdb.duckdb")
    with databases.open_for_reading(tmp_path / "oomdb.duckdb") as reader:
        page = html(explain.as_markdown(explain.explain(reader.connection, "8ff6bc57d33ea006")))
    assert page.startswith("<h1>Out of memory, host iZ23tpcto8eZ: java (pid 5424) was killed.")
    assert "<h2>Who asked for what</h2>" in page
    assert "<li>page tables held 272,368 kB" in page
    assert '<td style="text-align:right">6,151,080</td>' in page
    assert "<p>2. Node 0 DMA32: 43,500 kB free" in page
    assert "<ol>" not in page


def test_names_cannot_change_the_layout() -> None:
    name = "<b>|`*_x_*[a](b)\r\n# &lt;"
    blocks = Blocks()
    blocks.say(f"{name} was killed.", indent=0)
    blocks.field("why", name)
    blocks.field("do", name)
    blocks.field("", f"- {name}")
    blocks.heading(name)
    blocks.say(f"1. {name}")
    blocks.table([(name, "1")], "<>", header=("name", "kB"))
    page = html(markdown.written(blocks))
    shown = "&lt;b&gt;|`*_x_*[a](b)\\r\\n# &amp;lt;"
    assert page.count(shown) == 7
    assert f"<h1>{shown} was killed.</h1>" in page
    assert f"<p>1. {shown}</p>" in page
    assert f"<li>- {shown}</li>" in page
    assert f"<td>{shown}</td>" in page
    assert "<b>" not in page
