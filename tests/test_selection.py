from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from oomdb.errors import OomdbError, UsageError
from oomdb.selection import (
    Selection,
    event_rows,
    find_event,
    moment,
    undated_count,
    view_rows,
)
from oomdb.views import View
from tests import plain_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from oomdb.output.writer import Rows

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)

#: id, host, time, kind
EVENTS = [
    ("aa01", "web1.example.org", datetime(2026, 5, 1), "oom_kill"),
    ("aa02", "WEB2", datetime(2026, 6, 1), "oom_kill"),
    ("bb01", "db1", datetime(2026, 6, 2), "memory_dump"),
    ("cc01", "db1", None, "panic"),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with plain_database.empty() as connection:
        for number, (event_id, host, time, kind) in enumerate(EVENTS):
            source_id = f"s{number}"
            plain_database.insert(connection, "hosts", host_id=f"h{number}", hostname=host)
            plain_database.insert(
                connection,
                "events",
                event_id=event_id,
                host_id=f"h{number}",
                occurred_at=time,
                kind=kind,
            )
            plain_database.insert(
                connection, "sightings", event_id=event_id, source_id=source_id, first_line=1
            )
            plain_database.insert(
                connection,
                "sources",
                source_id=source_id,
                path=f"/logs/{number}",
                sha256="",
                size_bytes=1,
                ingested_at=datetime(2026, 6, 3),
            )
        yield connection


def ids(rows: Rows) -> list[str]:
    return [row["event_id"] for batch in rows.batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-31", datetime(2026, 5, 31)),
        ("2026-05-31T14:07", datetime(2026, 5, 31, 14, 7)),
        ("2026-05-31 14:07:02Z", datetime(2026, 5, 31, 14, 7, 2)),
        ("2026-05-31T14:00+02:00", datetime(2026, 5, 31, 12)),
        ("7d", datetime(2026, 6, 3, 12)),
        ("90m", datetime(2026, 6, 10, 10, 30)),
        ("2w", datetime(2026, 5, 27, 12)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "99999999d", "0001-01-01T00:00+05"]
)
def test_what_is_no_time_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="not a time"):
        moment(text, NOW)


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(), ["aa01", "aa02", "bb01", "cc01"]),
        (Selection(since=datetime(2026, 6, 1)), ["aa02", "bb01"]),
        (Selection(until=datetime(2026, 6, 1)), ["aa01"]),
        (Selection(hosts=("web*",)), ["aa01", "aa02"]),
        (Selection(hosts=("web1",)), ["aa01"]),
        (Selection(hosts=("web2", "db1")), ["aa02", "bb01", "cc01"]),
        (Selection(hosts=("web",)), []),
        (Selection(kinds=("panic", "memory_dump")), ["bb01", "cc01"]),
    ],
)
def test_events_are_chosen(
    connection: duckdb.DuckDBPyConnection, selection: Selection, chosen: list[str]
) -> None:
    assert ids(event_rows(connection, selection)) == chosen
    assert ids(event_rows(connection, selection, short=True)) == chosen


def test_a_period_tells_how_many_events_have_no_time(connection: duckdb.DuckDBPyConnection) -> None:
    assert undated_count(connection, Selection(since=datetime(2026, 6, 1))) == 1
    assert undated_count(connection, Selection(since=datetime(2026, 6, 1), hosts=("web*",))) == 0


def test_a_prefix_is_enough(connection: duckdb.DuckDBPyConnection) -> None:
    assert find_event(connection, "b", Selection()) == "bb01"
    assert find_event(connection, "AA02", Selection()) == "aa02"


@pytest.mark.parametrize("wanted", ["d", "aa011", "%", "_", ""])
def test_an_unknown_event(connection: duckdb.DuckDBPyConnection, wanted: str) -> None:
    with pytest.raises(OomdbError, match="no event whose id begins with"):
        find_event(connection, wanted, Selection())


def test_an_ambiguous_prefix_names_the_candidates(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OomdbError, match="aa01, aa02"):
        find_event(connection, "aa", Selection())


def test_latest_prefers_ooms_with_a_known_time(
    connection: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_event(connection, "latest", Selection()) == "aa02"
    assert "not considered: 1" in capsys.readouterr().err
    assert find_event(connection, "latest", Selection(hosts=("web1",))) == "aa01"
    assert find_event(connection, "latest", Selection(kinds=("memory_dump",))) == "bb01"
    assert find_event(connection, "latest", Selection(kinds=("panic",))) == "cc01"


def test_latest_of_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OomdbError, match="no event was chosen"):
        find_event(connection, "latest", Selection(hosts=("nowhere",)))
    connection.execute("DELETE FROM events")
    with pytest.raises(OomdbError, match="no event in the database"):
        find_event(connection, "latest", Selection())


def saved(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> View:
    connection.execute(f'CREATE VIEW "{name}" AS {sql}')
    return View(name, "facts", "A fact.", (), sql)


def test_views_of_chosen_events(connection: duckdb.DuckDBPyConnection) -> None:
    view = saved(connection, "by event", "SELECT event_id, kind FROM events")
    assert ids(view_rows(connection, view, Selection(hosts=("web*",)), None)) == ["aa01", "aa02"]
    assert ids(view_rows(connection, view, Selection(), "bb01")) == ["bb01"]
    assert ids(view_rows(connection, view, Selection(), None)) == ["aa01", "aa02", "bb01", "cc01"]


def test_a_view_keeps_its_own_order(connection: duckdb.DuckDBPyConnection) -> None:
    view = saved(connection, "v", "SELECT event_id FROM events\nORDER BY event_id DESC")
    assert ids(view_rows(connection, view, Selection(), None)) == ["cc01", "bb01", "aa02", "aa01"]


def test_events_are_not_chosen_in_a_view_without_them(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    view = saved(connection, "kinds", "SELECT kind, COUNT(*) AS n FROM events GROUP BY kind")
    with pytest.raises(UsageError, match="no event_id"):
        view_rows(connection, view, Selection(hosts=("web*",)), None)


def test_incidents_and_hosts_are_chosen_by_their_events(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    members = "SELECT event_id, 'of ' || host_id AS incident_id FROM events"
    saved(connection, "incident_events", members)
    view = saved(
        connection, "v", "SELECT DISTINCT incident_id AS x, incident_id FROM incident_events"
    )
    selection = Selection(since=datetime(2026, 6, 1), until=datetime(2026, 6, 2))
    assert count(view_rows(connection, view, Selection(), None)) == 4
    assert count(view_rows(connection, view, selection, None)) == 1
    assert count(view_rows(connection, view, Selection(), "aa02")) == 1
    hosts = saved(connection, "h", "SELECT host_id, COUNT(*) AS n FROM events GROUP BY host_id")
    assert count(view_rows(connection, hosts, Selection(hosts=("web*",)), None)) == 2
    with pytest.raises(UsageError, match="no event_id"):
        view_rows(connection, hosts, Selection(hosts=("web*",), kinds=("panic",)), None)
    with pytest.raises(UsageError, match="no event_id"):
        view_rows(connection, hosts, Selection(), "aa02")


def count(rows: Rows) -> int:
    return sum(batch.num_rows for batch in rows.batches)
