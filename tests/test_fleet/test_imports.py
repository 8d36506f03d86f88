"""Labels and budgets from files into a database of real reports, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oomdb import databases
from oomdb.errors import OomdbError
from oomdb.fleet import budgets, labels, sheet
from oomdb.ingest import ingest
from oomdb.reparse import reparse
from oomdb.store.dump import canonical
from tests.printed import log, report_6_1, syslog
from tests.tables_alone import tables_alone

if TYPE_CHECKING:
    from pathlib import Path


class Fleet:
    """A database, and files to import into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "oomdb.duckdb"

    def read(self, *hosts: str) -> None:
        """Ingest a kill of each host."""
        paths = [self.folder / f"{host}.log" for host in hosts]
        for number, path in enumerate(paths):
            path.write_bytes(log(syslog(report_6_1(free_kb=500 + number), path.stem)))
        ingest(paths, self.database)

    def file(self, text: str) -> Path:
        path = self.folder / "file.csv"
        path.write_text(text)
        return path

    def hosts(self, text: str) -> labels.Imported:
        return labels.import_labels(self.file(text), self.database)

    def budgets(self, text: str) -> budgets.Imported:
        return budgets.import_budgets(self.file(text), self.database)

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        with databases.open_for_reading(self.database) as reader:
            return reader.connection.execute(sql).fetchall()

    def dump(self) -> list[str]:
        with databases.open_for_reading(self.database) as reader:
            return list(canonical(reader))


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


@pytest.fixture(scope="module")
@tables_alone()
def told(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A database that has been told something; what is refused changes nothing of it."""
    fleet = Fleet(tmp_path_factory.mktemp("told"))
    fleet.read("web1")
    fleet.hosts("host,role\nweb1,before\n")
    fleet.budgets("comm,kb\nsh,1\n")
    return fleet


LABELS = "SELECT hostname, labels FROM hosts ORDER BY hostname"


@tables_alone()
def test_the_last_line_that_fits_with_a_value_counts(fleet: Fleet) -> None:
    fleet.read("web1", "web2", "db1")
    done = fleet.hosts("role,HOST,site\nweb,web*,eu\nspare,WEB2,\n,mail*,us\n")
    assert fleet.select(LABELS) == [
        ("db1", None),
        ("web1", "role=web, site=eu"),
        ("web2", "role=spare, site=eu"),
    ]
    assert done == labels.Imported(3, ("role", "site"), 3, 2, ("mail*",), ())


@tables_alone()
def test_hosts_that_are_read_later_get_their_labels(fleet: Fleet) -> None:
    fleet.hosts("host,role\nweb[0-9],web\nmail,mail\n")
    assert fleet.select(LABELS) == []
    fleet.read("web1", "webserver", "mail.example.org")
    # A short name also means the full names that begin with it.
    assert fleet.select(LABELS) == [
        ("mail.example.org", "role=mail"),
        ("web1", "role=web"),
        ("webserver", None),
    ]
    assert fleet.select("SELECT label, value FROM host_labels ORDER BY value") == [
        ("role", "mail"),
        ("role", "web"),
    ]


def test_an_import_takes_the_place_of_the_one_before(fleet: Fleet) -> None:
    fleet.read("web1")
    fleet.hosts("host,role,site\nweb1,web,eu\n")
    fleet.budgets("label,comm,kb\nrole=w*,java,100\n")
    done = fleet.hosts("host,site\n*,us\n")
    assert fleet.select(LABELS) == [("web1", "site=us")]
    assert done.missing == ("role",)
    assert fleet.select("SELECT pid FROM over_budget") == []
    fleet.budgets("comm,kb\n")
    assert fleet.select("SELECT * FROM budgets") == []


def test_budgets_of_hosts_and_labels(fleet: Fleet) -> None:
    fleet.read("web1", "web2", "db1")
    fleet.hosts("host,role\nweb*,Web\n")
    fleet.budgets(
        "comm,kb,host,label,note\n"
        "java,90000,*,,everyone\n"
        "java,80000,,ROLE=web,by label\n"
        "java,70000,web2,,by host\n"
        "init,1,web*,role=w*,both\n"
        "init,2,db*,role=w*,neither\n"
    )
    # Rows of the table: init held 263 pages, java 19578 and 17 in swap: 1052 and 78380 kB.
    found = fleet.select(
        "SELECT h.hostname, p.comm, p.note, p.over_kb FROM process_budgets AS p"
        " JOIN events AS e USING (event_id) JOIN hosts AS h USING (host_id) ORDER BY ALL"
    )
    assert found == [
        ("db1", "java", "everyone", 78380 - 90000),
        ("web1", "init", "both", 1051),
        ("web1", "java", "by label", 78380 - 80000),
        ("web2", "init", "both", 1051),
        ("web2", "java", "by host", 78380 - 70000),
    ]
    # A host that comes later has the budget of its pattern.
    fleet.read("web3")
    assert fleet.select("SELECT COUNT(*) FROM process_budgets WHERE note = 'by label'") == [(2,)]


def test_what_users_are_told_of_budgets(fleet: Fleet) -> None:
    fleet.read("web1")
    done = fleet.budgets(
        "comm,kb,host\nelasticsearch-server,1,\n*-server,1,\njava,1,db1\njava,1,web1\n"
    )
    assert [note.removeprefix(f"{fleet.folder}/") for note in done.notes] == [
        "file.csv:2: the kernel cuts names to 15 bytes; elasticsearch-server counts for every"
        " process printed as elasticsearch-s",
        "file.csv:3: the kernel cuts names to 15 bytes; *-server does not fit names of which"
        " the end is lost",
        "file.csv:4: no host that is known yet has this budget",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,role\nweb1,web\n", ":1: no column host"),
        ("host\nweb1\n", ":1: beside host there is no column"),
        ("host,my role\nweb1,web\n", ":1: 'my role' cannot be a label"),
        ("host,role\n,web\n", ":2: no host"),
        ("host,role\nweb1,web\n\nWEB1,db\n", ":4: host WEB1 is in line 2 already"),
    ],
)
def test_labels_that_cannot_be(text: str, message: str, told: Fleet) -> None:
    with pytest.raises(sheet.SheetError, match=r"file\.csv:\d") as raised:
        told.hosts(text)
    assert message in str(raised.value)
    assert told.select(LABELS) == [("web1", "role=before")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("comm,mb\njava,1\n", ":1: no column kb"),
        ("host,kb\nweb1,1\n", ":1: neither a column comm nor a column unit"),
        ("comm,kb,colour\njava,1,red\n", ":1: no budget has a column colour"),
        ("comm,kb\n,1\n", ":2: neither comm nor unit"),
        ("comm,kb\njava,4 GB\n", ":2: kb '4 GB': give a whole number of kB"),
        ("comm,kb\njava,\n", ":2: kb '': give a whole number of kB"),
        ("comm,kb\njava,-1\n", ":2: kb '-1': give a whole number of kB"),
        ("comm,kb\njava,²\n", ":2: kb '²': give a whole number of kB"),
        ("comm,kb\njava,0\n", ":2: kb 0: no memory is of that size"),
        ("comm,kb\njava,99999999999999999999\n", ":2: kb 99999999999999999999: no memory"),
        ("comm,kb\njava*-with-a-long-end,1\n", ":2: comm 'java*-with-a-long-end' fits no name"),
        ("comm,kb,label\njava,1,role\n", ":2: label 'role': give a label and its value"),
        ("comm,kb,label\njava,1,rôle=x\n", ":2: no label is called rôle (labels: role)"),
        (
            "comm,kb,host\njava,1,a\njava,2,b\njava,3,A\n",
            ":4: the same budget is in line 2 already",
        ),
    ],
)
def test_budgets_that_cannot_be(text: str, message: str, told: Fleet) -> None:
    with pytest.raises(sheet.SheetError, match=r"file\.csv:\d") as raised:
        told.budgets(text)
    assert message in str(raised.value)
    assert told.select("SELECT comm_pattern, budget_kb FROM budgets") == [("sh", 1)]


@tables_alone()
def test_what_users_told_survives_a_reparse_and_is_dumped(fleet: Fleet) -> None:
    fleet.read("web1")
    fleet.hosts("host,role\nweb*,web\n")
    fleet.budgets("label,comm,kb,note\nrole=web,java,100,small\n")
    before = fleet.dump()
    assert any(line.startswith('["host_rules", 1, "web*", "role", "web"') for line in before)
    assert any(line.startswith('["budgets", 1, ') for line in before)
    assert any(line.startswith('["budget_hosts", 1, ') for line in before)
    reparse(fleet.database)
    assert fleet.dump() == before


@tables_alone()
def test_the_order_of_import_and_ingest_does_not_matter(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Fleet(tmp_path / "other")
    fleet.hosts("host,role\nweb*,web\n")
    fleet.read("web1", "web2")
    for log_file in ("web1.log", "web2.log"):
        ingest([tmp_path / log_file], other.database)
    other.hosts("host,role\nweb*,web\n")
    assert fleet.dump() == other.dump()


def test_a_file_that_is_no_database_is_not_touched(fleet: Fleet) -> None:
    fleet.database.write_bytes(b"no database")
    with pytest.raises(OomdbError, match="no oomdb database"):
        fleet.hosts("host,role\nweb1,web\n")
    assert fleet.database.read_bytes() == b"no database"
