"""A site: its pages and links, what is left alone, and that it is never half there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oomdb import databases, explain
from oomdb.errors import OomdbError, UsageError
from oomdb.fleet_report import event_pages, site
from tests import fleets
from tests.test_pages import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.fleet_report.site import Written

DRAW = explain.drawn
SINCE, UNTIL = "30h", "2026-06-06T18:00"


def write(folder: Path, jobs: int = 1, database: Path | None = None) -> Written:
    report = fleets.report_of(SINCE, UNTIL)
    path = database or fleets.of_samples()
    with databases.open_for_reading(path) as reader:
        return site.write_site(reader.connection, report, path, folder, jobs)


@pytest.fixture(scope="module", autouse=True)
def drawn_once() -> Iterator[None]:
    """What is drawn of an event is the same each time: to draw takes most of a site's time."""
    pages_of: dict[str, str] = {}

    def drawn(*told: Any) -> str:
        if repr(told) not in pages_of:
            pages_of[repr(told)] = DRAW(*told)
        return pages_of[repr(told)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explain, "drawn", drawn)
        yield


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    done = write(folder)
    # Five incidents and a failed allocation; with the report and the list of incidents.
    assert (done.pages, done.written, done.removed) == (6, 8, 0)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of the site."""
    return Path(shutil.copytree(written, tmp_path / "site"))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_link_of_every_page_leads_somewhere(written: Path) -> None:
    files = content(written)
    del files["pages.json"]
    assert {name for name in files if not name.startswith("events/")} == {
        *("index.html", "incidents.html"),
    }
    documents = {name: pages.parsed(page.decode()) for name, page in files.items()}
    ids = {name: pages.attributes(document, "[id]", "id") for name, document in documents.items()}
    for name, document in documents.items():
        for link in pages.attributes(document, "a[href]", "href"):
            target, _, fragment = link.partition("#")
            path = os.path.normpath(Path(name).parent / target) if target else name
            assert path in files, link
            assert not fragment or fragment in ids[path], link


def test_numbers_lead_to_the_pages_of_their_incidents(written: Path) -> None:
    report = fleets.report_of(SINCE, UNTIL)
    document = pages.parsed((written / "index.html").read_text(encoding="utf-8"))
    for selector in ("#table-incidents a", ".behind li a"):
        assert set(pages.attributes(document, selector, "href")) >= {
            f"events/{incident.incident_id}.html" for incident in report.incidents.rows
        }
    page = (written / "events" / f"{report.incidents.rows[0].incident_id}.html").read_text("utf-8")
    assert "../index.html" in pages.attributes(pages.parsed(page), "nav a", "href")


def test_processes_make_the_same_pages(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain, "drawn", DRAW)
    monkeypatch.setattr(event_pages, "_SHARE", 3)
    write(tmp_path / "other", jobs=2)
    assert content(tmp_path / "other") == content(written)


def test_what_has_not_changed_is_not_written(folder: Path) -> None:
    page = next(path for path in (folder / "events").iterdir())
    good = page.read_bytes()
    page.write_bytes(b"changed" + good[7:])
    for path in folder.rglob("*.html"):
        os.utime(path, (0, 0))
    done = write(folder)
    assert (done.written, done.removed) == (1, 0)
    assert page.read_bytes() == good
    assert [p for p in folder.rglob("*.html") if p.stat().st_mtime > 0] == [page]


def test_what_would_not_change_is_not_drawn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    draw = explain.drawn

    def noted(story: explain.Story, *rest: Any) -> str:
        drawn.append(story.event.event_id)
        return draw(story, *rest)

    monkeypatch.setattr(explain, "drawn", noted)
    ids = [path.stem for path in sorted((folder / "events").iterdir())]
    write(folder)
    assert drawn == []
    # A page that is lost or not as it was written, and keys that cannot be read.
    (folder / "events" / f"{ids[0]}.html").unlink()
    (folder / "events" / f"{ids[1]}.html").write_bytes(b"x")
    assert write(folder).written == 2
    assert sorted(drawn) == ids[:2]
    drawn.clear()
    (folder / "pages.json").write_text("[1]", encoding="utf-8")
    assert write(folder).written == 0
    assert sorted(drawn) == ids
    # Another oomdb draws anew.
    drawn.clear()
    monkeypatch.setattr(event_pages, "_code_digest", lambda: "other")
    assert write(folder).written == 0
    assert sorted(drawn) == ids


def test_pages_of_events_that_are_gone_are_removed_and_nothing_else(folder: Path) -> None:
    gone = folder / "events" / f"{'0' * 16}.html"
    left = folder / "events" / f".{'1' * 16}.html.0a1b2c3d.part"
    others = [folder / "robots.txt", folder / "events" / "notes.html"]
    others += [folder / "events" / f"{'a' * 16}.html", folder / "incidents-8.html"]
    lists = folder / "incidents-7.html"
    for path in (gone, lists):
        path.write_bytes((folder / "incidents.html").read_bytes())
    for path in (left, *others):
        path.write_text("x", encoding="utf-8")
    assert write(folder).removed == 3
    assert not any(path.exists() for path in (gone, left, lists))
    assert all(path.exists() for path in others)


def test_the_index_comes_last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is stopped leaves the old index, and every page that it leads to."""
    before = content(folder)
    put = event_pages.put

    def stopped(path: Path, content: bytes) -> bool:
        if path.name == site.INDEX:
            raise KeyboardInterrupt
        return put(path, content)

    for page in (folder / "events").iterdir():
        page.write_bytes(b"an older page")
    monkeypatch.setattr("oomdb.fleet_report.site.put", stopped)
    (folder / "events" / f"{'0' * 16}.html").write_text("old", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        write(folder)
    after = content(folder)
    assert after["index.html"] == before["index.html"]
    assert set(after) == {*before, f"events/{'0' * 16}.html"}


@pytest.mark.parametrize(
    "left",
    [
        ["events/", ".pages.json.0a1b2c3d.part"],
        ["events/", "pages.json", "incidents.html", ".incidents-2.html.0a1b2c3d.part"],
        ["events/", "pages.json", "incidents.html", ".index.html.0a1b2c3d.part"],
    ],
)
def test_a_first_run_that_was_killed_is_no_obstacle(
    left: list[str], written: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    for name in left:
        if name.endswith("/"):
            (folder / name).mkdir(parents=True)
        else:
            is_page = name.startswith("incidents")
            content_of = (written / name).read_text(encoding="utf-8") if is_page else "{}"
            (folder / name).write_text(content_of, encoding="utf-8")
    write(folder)
    assert content(folder) == content(written)


def test_other_peoples_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="holds other files"):
        write(tmp_path)
    (tmp_path / "thesis.txt").rename(tmp_path / "index.html")
    with pytest.raises(UsageError, match="not made by oomdb"):
        write(tmp_path)
    with pytest.raises(UsageError, match="is no folder"):
        write(tmp_path / "index.html")
    with pytest.raises(OomdbError, match="cannot write"):
        write(Path("/proc/site"))


def test_a_folder_of_other_peoples_events_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "site" / "events" / f"{'a' * 16}.html"
    own.parent.mkdir(parents=True)
    own.write_text("<p>our summer feast</p>", encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds other files, such as events/a"):
        write(tmp_path / "site")
    assert own.read_text(encoding="utf-8") == "<p>our summer feast</p>"
    own.unlink()
    (tmp_path / "site" / "pages.json").write_text('{"pages": 7}', encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds other files, such as pages\.json"):
        write(tmp_path / "site")


@pytest.mark.parametrize("has_index", [False, True])
def test_events_that_lead_elsewhere_are_not_followed(
    has_index: bool, written: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "events").symlink_to(elsewhere)
    if has_index:
        shutil.copy(written / "index.html", folder)
    with pytest.raises(UsageError, match="its events is no folder of its own"):
        write(folder)
    assert list(elsewhere.iterdir()) == []


def test_a_database_that_is_replaced_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_pages, "mark", lambda _: "another")
    with pytest.raises(OomdbError, match="was replaced"):
        write(tmp_path / "site")
    assert not (tmp_path / "site" / "index.html").exists()


def test_long_lists_are_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "_LIST_ROWS", 2)
    write(tmp_path / "site")
    names = sorted(path.name for path in (tmp_path / "site").glob("incidents*"))
    assert names == ["incidents-2.html", "incidents-3.html", "incidents.html"]
    page = (tmp_path / "site" / "incidents-2.html").read_text(encoding="utf-8")
    assert "Incidents 3 to 4 of 5" in pages.text(pages.parsed(page), "caption")
