"""What the database keeps of saved views is what their SELECT gives, whatever was done before."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from oomdb.fleet.budgets import import_budgets
from oomdb.fleet.labels import import_labels
from oomdb.ingest import ingest
from oomdb.reparse import reparse
from oomdb.store import deriving, facts, held_rows, slices
from oomdb.store.opening import connect
from oomdb.store.writer import Store
from oomdb.views import load_views
from tests.printed import dmesg, log, report_6_1, syslog
from tests.test_once import FILES

#: Beside those of one incident in many copies: a storm of the same victim, so that it is dying
#: in the later reports, once under a short name and once under a full one; a cgroup's kill.
STORM = {
    "storm/short": log(
        *(dmesg(report_6_1(pid=31, free_kb=900 + n), 50.0 + n) for n in range(2)),
    ),
    "storm/full": log(
        *(syslog(report_6_1(pid=31, free_kb=910 + n), "web1.example.com") for n in range(3)),
    ),
}
SAMPLES = ("rocketmq-8g.log", "6.1-amd64--group-kill.log", "5.10-amd64--memcg-v2.log")
EVERYTHING = (*FILES, *STORM, *SAMPLES)


def differences(database: Path) -> list[str]:
    """The views whose rows are not those of their SELECT over the tables."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("BEGIN")
        kept = {view.name: rows(connection, view.name) for view in load_views()}
        # A temporary table hides the view of that name from the views that read it.
        for view in load_views():
            connection.execute(f"CREATE TEMP TABLE {view.name} AS {view.sql}")
        derived = {view.name: rows(connection, view.name) for view in load_views()}
        connection.execute("ROLLBACK")
    return [name for name in kept if kept[name] != derived[name]]


def rows(connection: duckdb.DuckDBPyConnection, view: str) -> list[tuple[object, ...]]:
    return sorted(connection.execute(f"SELECT * FROM {view}").fetchall(), key=repr)


class Fleet:
    """A database and what can be done to it, one word a step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "oomdb.duckdb"
        for name, data in {**FILES, **STORM}.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        for name in SAMPLES:
            (folder / name).symlink_to(Path(__file__).parent.parent / "samples" / name)

    def do(self, step: str) -> None:
        if step == "reparse":
            reparse(self.database)
        elif step == "labels":
            import_labels(self.file("host,role\nweb*,web\n"), self.database)
        elif step == "budgets":
            told = "host,comm,kb\nweb1*,*,1\n,java,100\n"
            import_budgets(self.file(told), self.database)
        elif step == "grow":
            with (self.folder / "web1/stub").open("ab") as file:
                file.write(log(dmesg(report_6_1(pid=12, free_kb=802), 70.0)[4:]))
            ingest([self.folder / "web1/stub"], self.database)
        else:
            names = EVERYTHING if step == "all" else step.split()
            ingest([self.folder / name for name in names], self.database)

    def file(self, text: str) -> Path:
        path = self.folder / "told.csv"
        path.write_text(text, encoding="utf-8")
        return path


@pytest.mark.parametrize(
    "steps",
    [
        # Labels and budgets derive nothing of events, nor of each other; a log of another host
        # nothing of this one's: what went wrong before them is there after them too.
        ("all", "labels", "budgets", "=", "reparse", "="),
        ("web1/dmesg", "budgets", "web1/kern.log", "labels", "=", "web1/messages", "="),
        ("storm/short web1/stub", "grow", "=", "storm/full", "web2/kern.log", "="),
        ("web1/messages storm/full", "=", "web1/messages.1 rocketmq-8g.log", "=", "all", "="),
    ],
)
def test_what_is_kept_is_what_the_views_say(tmp_path: Path, steps: tuple[str, ...]) -> None:
    """Wherever the steps are parted by a sign of equality."""
    fleet = Fleet(tmp_path)
    for number, step in enumerate(steps):
        if step == "=":
            assert differences(fleet.database) == [], steps[:number]
        else:
            fleet.do(step)


def test_events_that_change_while_others_are_derived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an ingest of thousands: copies come after the event was derived, or was held back."""
    monkeypatch.setattr(Store, "batch_reports", 1)
    monkeypatch.setattr(held_rows, "_MOST_EVENTS", 2)
    monkeypatch.setattr(deriving, "_MOST_EVENTS", 1)
    fleet = Fleet(tmp_path)
    for step in ("web1/stub storm/short web1/dmesg web1/messages", "grow", "storm/full"):
        fleet.do(step)
    assert differences(fleet.database) == []


def test_rows_of_many_processes_are_derived_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = [dmesg(report_6_1(pid=pid), 10.0 * pid) for pid in range(11, 15)]
    (tmp_path / "four").write_bytes(log(*printed))
    database = tmp_path / "oomdb.duckdb"
    taken: list[int] = []
    real = slices.Slice.derive

    def derive(self: slices.Slice, first: int, last: int) -> None:
        if self._derivation is facts.by_event():
            taken.append(last - first + 1)
        real(self, first, last)

    monkeypatch.setattr(slices.Slice, "derive", derive)
    monkeypatch.setattr(Store, "batch_reports", 1)
    monkeypatch.setattr("oomdb.incidents.drafts._MOST_REPORTS", 1)
    monkeypatch.setattr(held_rows, "_MOST_ROWS", 3)
    ingest([tmp_path / "four"], database)
    assert taken == [1, 1, 1, 1]
    taken.clear()
    monkeypatch.setattr(deriving, "_MOST_ROWS", 3)
    with connect(database) as connection:
        facts.install(connection, "other views")
        deriving.derive(connection)
    assert taken == [2, 2]
    assert differences(database) == []


def test_views_of_all_events_follow_when_the_last_event_was_derived_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = Fleet(tmp_path)
    fleet.do("storm/full")
    monkeypatch.setattr(held_rows, "_MOST_EVENTS", 1)
    (tmp_path / "storm/more").write_bytes(
        log(syslog(report_6_1(pid=77, free_kb=990), "web1.example.com"))
    )
    ingest([tmp_path / "storm/more"], fleet.database)
    assert differences(fleet.database) == []


def test_an_ingest_that_changes_nothing_derives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = Fleet(tmp_path)
    fleet.do("web1/messages")
    called: list[object] = []
    monkeypatch.setattr(slices.Slice, "derive", lambda *_: called.append("events"))
    monkeypatch.setattr(deriving, "_derive_whole", lambda *_: called.append("whole"))
    fleet.do("web1/messages")
    assert called == []
