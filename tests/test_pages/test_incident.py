"""The page of one event: every kind of event, hostile logs, very large ones."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from oomdb import databases, explain
from oomdb.explain import html
from oomdb.explain.blocks import Blocks
from oomdb.explain.html import details, figures, lines
from oomdb.explain.story import chapters
from oomdb.explain.zones import Fallback
from oomdb.ingest import ingest
from tests import plain_database, samples
from tests.plain_database import insert
from tests.test_pages import pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from oomdb.explain.html.details import Details
    from oomdb.explain.story import Story
    from oomdb.store.connection import Connection


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A database of all samples."""
    database = tmp_path_factory.mktemp("samples") / "oomdb.duckdb"
    ingest(samples.logs(), database)
    with databases.open_for_reading(database) as reader:
        yield reader.connection


@pytest.fixture
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with plain_database.with_views() as connection:
        yield connection


def event_of(connection: Connection, log: str) -> str:
    found = connection.execute(
        "SELECT MIN(event_id) FROM sightings JOIN sources USING (source_id)"
        f" WHERE path LIKE '%/{log}'"
    ).fetchone()
    assert found is not None
    return str(found[0])


def told(connection: Connection, log: str) -> tuple[Story, Details]:
    """What the page of a sample's event is made of."""
    event_id = event_of(connection, log)
    return explain.explain(connection, event_id), details.read(connection, event_id)


def test_an_event_of_each_kind_and_damage_has_a_page(
    connection: Connection,
) -> None:
    """Its headline, causes and steps are those of the text."""
    kinds = connection.execute(
        "SELECT MIN(event_id) FROM events GROUP BY kind, constraint_kind, damage"
    ).fetchall()
    assert len(kinds) > 20
    for (event_id,) in kinds:
        story = explain.explain(connection, event_id)
        page = explain.as_html(connection, story)
        document = pages.check(page)
        assert len(page) < 300_000
        told = pages.squeezed(explain.as_text(story))
        headline = document.query("h1")[0].to_text()
        assert told.startswith(pages.squeezed(headline))
        assert document.query("title")[0].to_text() == headline
        for bullet in document.query(".card li"):
            assert pages.squeezed(bullet.to_text()) in told


def test_the_story_is_told_in_whole(connection: Connection) -> None:
    """Every paragraph of the text is on the page."""
    for log in ("rocketmq-8g.log", "6.1-amd64--memcg-v2-pod.log"):
        story = explain.explain(connection, event_of(connection, log))
        document = pages.parsed(explain.as_html(connection, story))
        shown = pages.squeezed("".join(n.to_text() for n in document.query("header, main")))
        for tell in chapters(story).values():
            blocks = Blocks()
            tell(blocks)
            for block in blocks.told:
                for text in getattr(block, "texts", None) or [getattr(block, "text", "")]:
                    assert pages.squeezed(text) in shown


def test_the_seed_shows_what_was_free_but_refused(connection: Connection) -> None:
    page = pages.of(connection, event_of(connection, "rocketmq-8g.log"))
    document = pages.check(page)
    figure = document.query("#figure-zones svg")[0]
    assert "43,500 kB free, but refused: 712 kB short" in figure.to_text()
    assert len(figure.query(".f-refused")) == 2  # DMA32 and DMA
    assert len(figure.query(".f-reserve")) == 2
    assert [row[:2] for row in pages.cells(document, "table-zones")] == [
        ["0 Normal", "below_watermark"],
        ["0 DMA32", "reserve_blocked"],
        ["0 DMA", "reserve_blocked"],
    ]
    assert len(document.query("#figure-processes .f-victim")) == 2  # the bar, and the legend
    assert len(document.query("#table-ranking tr.marked")) == 1
    headings = [node.to_text() for node in document.query("h2")]
    assert headings[:2] == ["Why", "What to do"]
    assert headings[-1] == "The kernel's own lines"


def test_facts_lead_to_the_lines_that_printed_them(connection: Connection) -> None:
    event_id = event_of(connection, "rocketmq-8g.log")
    document = pages.parsed(pages.of(connection, event_id))
    raw = {pages.attribute(node, "id"): node.to_text() for node in document.query("ol.raw li[id]")}
    assert len(raw) == 63
    names = {}
    for row in document.query("#table-processes tbody tr"):
        pid = row.query("td")[0].to_text()
        (link,) = row.query("a")
        names[pid] = raw[pages.attribute(link, "href")[1:]]
    assert all(f"[{pid.rjust(5)}]" in line for pid, line in names.items())
    assert len(names) == 36
    cited = pages.attributes(document, "#killing .cited a", "href")
    assert any("Killed process 5424" in raw[link[1:]] for link in cited)


def test_each_table_names_its_view_and_its_sql_gives_its_rows(
    connection: Connection,
) -> None:
    for log in ("rocketmq-8g.log", "6.1-amd64--memcg-v2-pod.log"):
        document = pages.parsed(pages.of(connection, event_of(connection, log)))
        tables = document.query("main .table")
        assert len(tables) >= 4
        for table in tables:
            (view,) = [node.to_text() for node in table.query("summary code")]
            sql = table.query("pre code")[0].to_text()
            assert f"FROM {view}" in sql
            assert connection.execute(sql).fetchall()


def test_the_same_database_gives_the_same_bytes(connection: Connection) -> None:
    event_id = event_of(connection, "5.10-amd64--order-3.log")
    assert pages.of(connection, event_id) == pages.of(connection, event_id)


HOSTILE = ("<script>x()", "\u202eexe.ava", "$\\frac{", '"><b y="', "a\x1b[31m\r", "]]>&amp;", "")


def test_names_out_of_logs_are_text(connection: Connection) -> None:
    story, found = told(connection, "rocketmq-8g.log")
    large = found.processes[0]
    processes = tuple(replace(large, comm=comm, is_victim=False) for comm in HOSTILE)
    host = "<img src=x onerror=alert(1)>"
    document = pages.check(
        html.written(
            replace(story, event=replace(story.event, hostname=host)),
            replace(found, processes=processes),
        )
    )
    assert not document.query("main script, main b, header img")
    assert "host <img src=x onerror=alert(1)>" in pages.text(document, "h1")
    names = [row[1] for row in pages.cells(document, "table-processes")]
    assert {"<script>x()", "\\xe2\\x80\\xaeexe.ava", "$\\frac{", "a\\x1b[31m\\r"} <= set(names)
    drawing = document.query("#figure-processes svg")[0].to_text()
    assert "<script>x() 5424" in drawing
    assert "$\\frac{ 5424" in drawing


def test_lines_of_a_hostile_log_are_text(tmp_path: Path) -> None:
    content = pages.SEED.read_bytes().replace(b"AliYunDun", b"<s>\xe2\x80\xaeja\xff\x01")
    log = tmp_path / "kern.log"
    log.write_bytes(content)
    document = pages.check(pages.of_log(log, tmp_path / "oomdb.duckdb"))
    assert not document.query("main s")
    assert "<s>\\xe2\\x80\\xaeja\\xff\\x01 invoked oom-killer" in pages.text(document, "#L1")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the seed with a table of 4,036 processes."""
    folder = tmp_path_factory.mktemp("crowd")
    head = "Jun  4 17:19:10 iZ23tpcto8eZ kernel: "
    rows = [
        f"{head}[{pid:5d}]  1000 {pid:5d}    21804 {pid - 19000:8d}      43        0"
        f"             0 worker"
        for pid in range(20000, 24000)
    ]
    content = pages.SEED.read_text(encoding="utf-8")
    first = content.index(f"{head}[  338]")
    log = folder / "kern.log"
    log.write_text(content[:first] + "\n".join(rows) + "\n" + content[first:], encoding="utf-8")
    return pages.of_log(log, folder / "oomdb.duckdb")


def test_a_table_of_thousands_is_cut(crowd: str) -> None:
    document = pages.check(crowd)
    assert len(crowd) < 300_000
    shown = list(pages.cells(document, "table-processes"))
    assert len(shown) == 100
    assert shown[0][:2] == ["5424", "java (killed)"]
    assert "… and 3,936 more" in pages.text(document, "#processes .more")
    assert "all 4,021 others" in document.query("#figure-processes svg")[0].to_text()
    gaps = [node.to_text() for node in document.query("ol.raw .cut")]
    numbers = [int(pages.attribute(node, "value")) for node in document.query("ol.raw li")]
    assert numbers == sorted(numbers)
    assert (
        sum(int(re.findall(r"[\d,]+", gap)[0].replace(",", "")) for gap in gaps)
        + len(document.query("ol.raw li[id]"))
        == 4063
    )
    assert "Killed process 5424" in document.query("ol.raw li[id]")[-1].to_text()


def test_what_no_row_explains_is_cut_at_the_end() -> None:
    shown = lines.shown([f"line {n}" for n in range(1, 2001)], explain.citations.Citations(), ())
    assert shown[0] == lines.Line(1, "line 1")
    assert shown[-2:] == [lines.Line(900, "line 900"), lines.Line(901, None, 1100)]


def test_many_nodes(connection: Connection) -> None:
    story, found = told(connection, "rocketmq-8g.log")
    places = [(node, zone) for node in range(8) for zone in ("DMA", "DMA32", "Normal", "Movable")]
    fallbacks = tuple(
        replace(story.fallbacks[0], fallback_no=number, node=node, zone=zone)
        for number, (node, zone) in enumerate(places, start=1)
    )
    blocks = tuple(
        replace(block, node=node, zone=zone)
        for node, zone in places
        for block in found.free_blocks[:11]
    )
    parts = tuple(
        replace(part, scope="node", node=node)
        for node in range(8)
        for part in story.memory.of("machine")
    )
    memory = replace(story.memory, parts=story.memory.parts + parts)
    page = html.written(
        replace(story, fallbacks=fallbacks, memory=memory), replace(found, free_blocks=blocks)
    )
    document = pages.check(page)
    assert len(page) < 300_000
    assert len(list(pages.cells(document, "table-zones"))) == 32
    drawing = document.query("#figure-zones svg")[0]
    assert pages.attribute(drawing, "viewBox") == "0 0 400 1600"
    assert "… and 152 more" in document.query("#zones .more")[0].to_text()
    assert "Node 7" in document.query("#figure-machine svg")[0].to_text()
    assert "node 7: anon" in {row[0] for row in pages.cells(document, "table-machine")}
    assert len(document.query("#zones > details:not(.source)")) == 1


def test_the_asked_order_is_marked(connection: Connection) -> None:
    document = pages.check(pages.of(connection, event_of(connection, "5.10-amd64--order-3.log")))
    assert len(document.query("#figure-blocks path.f-bad")) == 2
    assert "order 3, which was asked for" in pages.text(document, "#figure-blocks figcaption")
    enough = {row[1]: row[6] for row in pages.cells(document, "table-blocks")}
    assert enough["2"] == "no"
    assert enough["3"] == "yes"
    assert "in pieces too small" in document.query("#figure-zones svg")[0].to_text()


def test_a_limit_of_a_cgroup_is_drawn(connection: Connection) -> None:
    event_id = event_of(connection, "6.1-amd64--memcg-v2-pod.log")
    document = pages.check(pages.of(connection, event_id))
    figure = document.query("#figure-limits svg")[0]
    assert "40,960 of 40,960 kB, full" in figure.to_text()
    assert list(pages.cells(document, "table-usages")) == [
        ["memory", "40,960", "40,960", "0", "173", "28"],
        ["swap", "0", "0", "0", "0", "28"],
    ]
    assert not document.query("#figure-zones, #zones")


def test_an_event_of_which_nothing_is_known_has_a_page(made: duckdb.DuckDBPyConnection) -> None:
    insert(made, "events", event_id="e", kind="oom_kill")
    document = pages.check(pages.of(made, "e"))
    assert not document.query("svg")
    assert "No lines of this report were kept" in pages.text(document, "#raw")


@pytest.mark.parametrize("free_kb", [0, 1, 2**54, None])
@pytest.mark.parametrize("min_kb", [0, 2**54, None])
def test_any_number_can_be_drawn(free_kb: int | None, min_kb: int | None) -> None:
    known = {"fallback_no": 1, "node": 0, "zone": "Normal", "free_kb": free_kb, "min_kb": min_kb}
    unknown: dict[str, Any] = dict.fromkeys(field.name for field in fields(Fallback))
    zone = Fallback(**{**unknown, **known, "reserve_kb": 2**40, "needed_high_kb": 1})
    figure = figures.zones([zone])
    if free_kb is None or min_kb is None:
        assert figure is None
    else:
        assert figure is not None
        assert not re.search(r"[\dHV -](nan|inf|\d{4})", figure.markup.partition("</desc>")[2])
