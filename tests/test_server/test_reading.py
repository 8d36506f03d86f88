"""Every command that reads says of a server what it says of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oomdb import databases

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.store.places import Server
    from tests.test_server.conftest import Command

EVER = ("--since", "2000-01-01", "--until", "latest")


@pytest.mark.parametrize(
    "arguments",
    [
        ("events",),
        ("events", "--format", "csv", "--host", "made*", "--kind", "oom_kill"),
        ("events", "--format", "json", "--since", "2020-01-01"),
        ("explain", "latest"),
        ("explain", "latest", "--host", "iZ23tpcto8eZ", "--format", "json"),
        ("hosts",),
        ("budgets",),
        ("report", *EVER, "--format", "md"),
        ("report", *EVER, "--host", "made[0-9]*", "--format", "json"),
        ("dump", "--canonical"),
        ("query", "killed_processes", "--host", "made*", "--format", "json"),
    ],
    ids=" ".join,
)
def test_a_command_says_the_same(
    on_server: Command, on_file: Command, arguments: tuple[str, ...]
) -> None:
    server, file = on_server(*arguments), on_file(*arguments)
    assert (server[0], _lasting(server[1]), server[2]) == (file[0], _lasting(file[1]), file[2])
    assert server[1] or arguments == ("budgets",)


def _lasting(printed: str) -> list[str]:
    """What a report says, without the moment of the ingest."""
    return [line for line in printed.splitlines() if not line.startswith('  "ingested_at"')]


#: Of each kind one: kept by event, kept beside processes, across events, about what users told.
#: `test_engines` compares the rows of all.
VIEWS = ("zone_fallbacks", "process_verdicts", "recurrent_victims", "over_budget")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_the_same_rows(on_server: Command, on_file: Command, view: str) -> None:
    code, printed, messages = on_server("query", view, "--format", "ndjson")
    expected = on_file("query", view, "--format", "ndjson")
    assert (code, messages) == (expected[0], expected[2])
    assert sorted(printed.splitlines()) == sorted(expected[1].splitlines())


def test_sources_and_custody_are_listed(on_server: Command, on_file: Command) -> None:
    for listing in ("sources", "custody"):
        code, printed, _ = on_server(listing, "--format", "csv")
        assert code == 0
        header = printed.splitlines()[0]
        assert header == on_file(listing, "--format", "csv")[1].splitlines()[0]
    assert len(on_server("sources", "--format", "csv")[1].splitlines()) > 60


def test_metrics_differ_in_size_and_moment_alone(on_server: Command, on_file: Command) -> None:
    def told(text: str) -> list[str]:
        return [
            line
            for line in text.splitlines()
            if not line.startswith(("oomdb_database_size", "oomdb_last_", "oomdb_custody_"))
        ]

    assert told(on_server("metrics")[1]) == told(on_file("metrics")[1])


def test_a_site_is_the_same(on_server: Command, on_file: Command, tmp_path: Path) -> None:
    for name, command in (("server", on_server), ("file", on_file)):
        code, _, messages = command("report", *EVER, "--site", tmp_path / name, "--jobs", "2")
        assert code == 0, messages
    pages = {path.name: path.read_bytes() for path in (tmp_path / "file").rglob("*.html")}
    assert len(pages) > 3
    assert pages == {path.name: path.read_bytes() for path in (tmp_path / "server").rglob("*.html")}


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT SUM(kills) AS n FROM incidents", '{"n": 82}'),
        ("SELECT 1.5::numeric AS n", '{"n": 1.5}'),
        ("SELECT 3::numeric AS n", '{"n": 3}'),
        ("SELECT 1e30::numeric AS n", '{"n": 1e+30}'),
        ("SELECT NULL::numeric AS n, TRUE AS t", '{"n": null, "t": true}'),
        (
            "SELECT '{\"a\": [1]}'::jsonb AS j, ARRAY[1, 2] AS a",
            '{"j": "{\\"a\\": [1]}", "a": "[1, 2]"}',
        ),
        ("SELECT '100%' AS p, '{\"a\": 1}'::jsonb ? 'a' AS has", '{"p": "100%", "has": true}'),
        (
            "SELECT DATE '2026-01-02' AS d, INTERVAL '1 day' AS i",
            '{"d": "2026-01-02", "i": "1 day, 0:00:00"}',
        ),
        ("SELECT TIMESTAMP '2026-01-02 03:04:05.6' AS t", '{"t": "2026-01-02T03:04:05.6Z"}'),
    ],
)
def test_values_of_the_servers_own_types(on_server: Command, sql: str, rows: str) -> None:
    code, printed, messages = on_server("sql", "--unsafe", sql, "--format", "ndjson")
    assert (code, messages) == (0, "")
    assert printed == rows + "\n"


@pytest.mark.parametrize(("last", "kind"), [("0.5", "double"), ("7", "int64")])
def test_numbers_of_any_size_come_some_at_a_time(
    filled_server: Server, last: str, kind: str
) -> None:
    """The last row tells the type; a cursor is gone from the server after it."""
    sql = (
        f"SELECT CASE WHEN n < 2500 THEN CAST(n AS NUMERIC) ELSE {last} END AS n"
        " FROM GENERATE_SERIES(1, 2500) AS s (n)"
    )
    cursors = "SELECT COUNT(*) FROM pg_cursors WHERE name LIKE 'oomdb%'"
    with databases.open_for_reading(filled_server) as reader:
        found = reader.connection.cursor().execute(sql).to_arrow_reader(1000)
        assert str(found.schema.field("n").type) == kind
        assert reader.connection.execute(cursors).fetchone() == (1,)
        batches = list(found)
        assert reader.connection.execute(cursors).fetchone() == (0,)
    assert [batch.num_rows for batch in batches] == [1000, 1000, 500]
    numbers = [number for batch in batches for number in batch["n"].to_pylist()]
    assert numbers == [*range(1, 2500), float(last)]
