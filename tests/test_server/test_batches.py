"""What each batch derives by what it has changed is what the whole content tells."""

from __future__ import annotations

from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

from oomdb import databases
from oomdb.fleet.budgets import import_budgets
from oomdb.fleet.labels import import_labels
from oomdb.ingest import ingest
from oomdb.store import facts
from oomdb.store.server import kept
from oomdb.store.server.connection import ServerConnection
from oomdb.store.settle import settle
from oomdb.verify import verify
from tests.printed import dmesg, log, report_6_1, syslog
from tests.test_server.conftest import dump

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from oomdb.store.places import Server

#: What follows from all that a database holds, or is written by what does.
SETTLED = ("hosts", "host_names", "host_labels", "budget_hosts", "events")

#: The rows that are kept of saved views.
KEPT = tuple(kept.name_of(view) for view in facts.kept_by_event())

FIRST, SECOND, THIRD = (report_6_1(pid=pid, free_kb=pid) for pid in (301, 302, 303))


def received(lines: list[str], host: str, minute: int) -> list[str]:
    return [f"2024-06-04T17:{minute:02}:10Z {host} kernel: {line}" for line in lines]


def of_host(host: str, pid: int) -> bytes:
    return log(syslog(report_6_1(pid=pid, free_kb=pid), host))


#: Logs that tell of each other's hosts and times, whichever is read first.
LOGS = {
    "a/kern.log": of_host("web1", 101),
    "b/kern.log": of_host("web1.rack7", 102),
    "c/kern.log": of_host("WEB1.rack7.example.com", 103),
    "d/kern.log": of_host("Web2", 104),
    "e/kern.log": of_host("web2", 105) + of_host("web1", 106),
    "f/kern.log": of_host("b\xfccher.example", 107) + of_host("B\xdcCHER", 108),
    "copies/kern.log": of_host("web1", 101) + of_host("web2.example", 109),
    "hosts/web1.rack8.example/dmesg": log(dmesg(report_6_1(pid=110), 9.0)),
    "boot/dmesg": log(dmesg(FIRST, 7.0), dmesg(SECOND, 70.0)),
    "boot/dmesg.old": log(dmesg(SECOND, 70.0), dmesg(THIRD, 90.0)),
    "shipped.log": log(received(dmesg(FIRST, 7.0), "web3", 19)),
}


def rename_a_host(logs: Path) -> None:
    """A log moves: the host that its folder told is gone, and web1 is one machine again."""
    moved = logs / "hosts/web4/dmesg"
    moved.parent.mkdir()
    (logs / "hosts/web1.rack8.example/dmesg").rename(moved)


def grow_beyond_a_boot(logs: Path) -> None:
    """A log holds two boots now, so that it dates nothing any more."""
    with (logs / "boot/dmesg").open("ab") as grown:
        grown.write(log(dmesg(report_6_1(pid=304, free_kb=304), 3.0)))


def ship_another_time(logs: Path) -> None:
    """The report that dated others is known by an earlier stamp now."""
    (logs / "relay.log").write_bytes(log(received(dmesg(THIRD, 90.0), "web3", 21)))


CHANGES: tuple[Callable[[Path], None], ...] = (
    rename_a_host,
    grow_beyond_a_boot,
    ship_another_time,
)


def assert_as_whole(server: Server, names: tuple[str, ...]) -> None:
    """Fail where deriving all of it anew would change any of these tables."""
    with closing(ServerConnection(server)) as connection:
        connection.begin()
        before = rows_of(connection, names)
        settle(connection)
        if set(names) & set(KEPT):
            for name in KEPT:
                connection.execute(f"DELETE FROM {name}")
            kept.derive_whole(connection)
        after = rows_of(connection, names)
        connection.rollback()
    assert before == after


def rows_of(connection: ServerConnection, names: tuple[str, ...]) -> dict[str, list[str]]:
    return {
        name: sorted(map(str, connection.execute(f"SELECT * FROM {name}").fetchall()))
        for name in names
    }


def test_small_batches_in_any_order_come_to_what_all_tells(server: Server, tmp_path: Path) -> None:
    logs, told = tmp_path / "logs", tmp_path / "told"
    told.mkdir()
    (told / "labels.csv").write_text("host,role\nweb1*,front\nweb1.rack7,rack\n")
    (told / "budgets.csv").write_text(
        "host,label,comm,kb\nweb2,,java,1000\n,role=front,java,2000\n"
    )
    order = Random(1).sample(sorted(LOGS), len(LOGS))
    import_labels(told / "labels.csv", server)
    import_budgets(told / "budgets.csv", server)
    for at in range(0, len(order), 2):
        for name in order[at : at + 2]:
            (logs / name).parent.mkdir(parents=True, exist_ok=True)
            (logs / name).write_bytes(LOGS[name])
        assert ingest([logs], server, jobs=1).set_aside == []
        assert_as_whole(server, SETTLED)
    with databases.open_for_reading(server) as reader:
        shared = "SELECT COUNT(*) FROM events WHERE time_basis = 'boot_clock:shared'"
        assert reader.connection.execute(shared).fetchone()[0] == 1
    for change in CHANGES:
        change(logs)
        ingest([logs], server, jobs=1)
        assert_as_whole(server, SETTLED)
    assert_as_whole(server, (*SETTLED, *KEPT))
    file = tmp_path / "whole.duckdb"
    ingest([logs], file)
    import_labels(told / "labels.csv", file)
    import_budgets(told / "budgets.csv", file)
    assert dump(server) == dump(file)
    assert verify(server).problems == []
