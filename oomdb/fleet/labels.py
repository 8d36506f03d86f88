"""Labels of hosts: rules from a CSV file, and the list of hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oomdb import databases, reading, tables
from oomdb.fleet import sheet

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.output.writer import Rows
    from oomdb.store.connection import Connection
    from oomdb.store.places import Place

_LABEL = re.compile(r"[a-z][a-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of labels did.

    `labelled_hosts` of `hosts` have a label now; `unused` are the patterns that fit none of
    the known hosts, `missing` the labels that budgets ask for and no rule gives.
    """

    rules: int
    labels: tuple[str, ...]
    hosts: int
    labelled_hosts: int
    unused: tuple[str, ...]
    missing: tuple[str, ...]


def import_labels(path: Path, database: Place, *, wait_s: float = 0) -> Imported:
    """Put the labels of a CSV file in the place of all labels.

    Another process that writes the database is waited for `wait_s` seconds at most.
    SheetError for a file that cannot be used; then the database stays as it was.
    """
    told = sheet.read(path)
    rules = rules_of(told)
    with databases.open_for_ingest(database, told.act("hosts import"), wait_s=wait_s) as store:
        store.replace_told(tables.HOST_RULES, rules)
    with databases.open_for_reading(database) as reader:
        return Imported(
            rules=len(told.lines),
            labels=_labels(told),
            hosts=_number(reader.connection, "SELECT COUNT(*) AS n FROM hosts"),
            labelled_hosts=_number(
                reader.connection, "SELECT COUNT(*) AS n FROM hosts WHERE labels IS NOT NULL"
            ),
            unused=_texts(reader.connection, _UNUSED),
            missing=_texts(reader.connection, _MISSING),
        )


def rules_of(told: sheet.Sheet) -> list[dict[str, object]]:
    """The rows of `host_rules`; SheetError where the file says something that cannot be."""
    told.require("host")
    labels = _labels(told)
    if not labels:
        raise sheet.SheetError(f"{told.name}:1: beside host there is no column, so no label")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise sheet.SheetError(
                f"{told.name}:1: {label!r} cannot be a label: letters, digits, _ . - and a"
                " letter first"
            )
    first: dict[str, int] = {}
    rules: list[dict[str, object]] = []
    for rule_no, line in enumerate(told.lines, 1):
        host = line.cells["host"]
        if not host:
            raise line.problem("no host")
        if host.lower() in first:
            raise line.problem(f"host {host} is in line {first[host.lower()]} already")
        first[host.lower()] = line.line_no
        rules += [
            {"rule_no": rule_no, "host_pattern": host, "label": label, "value": line.cells[label]}
            for label in labels
            if line.cells[label]
        ]
    return rules


def _labels(told: sheet.Sheet) -> tuple[str, ...]:
    return tuple(column for column in told.columns if column != "host")


_UNUSED = """
SELECT MIN(r.host_pattern) AS text
FROM host_rules AS r
WHERE NOT EXISTS (
  SELECT 1 FROM host_names AS n
  WHERE MATCHES_PATTERN(LOWER(n.name), LOWER(r.host_pattern))
    OR MATCHES_PATTERN(LOWER(n.name), LOWER(r.host_pattern) || '.*')
)
GROUP BY r.rule_no ORDER BY r.rule_no"""

_MISSING = """
SELECT DISTINCT label AS text FROM budgets
WHERE label IS NOT NULL AND label NOT IN (SELECT label FROM host_rules) ORDER BY label"""


def _texts(connection: Connection, sql: str) -> tuple[str, ...]:
    return tuple(str(record["text"]) for record in reading.records(connection, sql))


def _number(connection: Connection, sql: str) -> int:
    return int(reading.records(connection, sql)[0]["n"])


_HOSTS = """
SELECT {columns}
FROM hosts
LEFT JOIN (
  SELECT host_id, STRING_AGG(DISTINCT name, ', ' ORDER BY name) AS names
  FROM host_names GROUP BY host_id
) AS printed ON printed.host_id = hosts.host_id
LEFT JOIN (
  SELECT host_id, COUNT(*) AS events, MIN(occurred_at) AS first_at, MAX(occurred_at) AS last_at
  FROM events GROUP BY host_id
) AS counted ON counted.host_id = hosts.host_id
LEFT JOIN (
  SELECT events.host_id, COUNT(*) AS kills
  FROM victims JOIN events ON events.event_id = victims.event_id GROUP BY events.host_id
) AS killed ON killed.host_id = hosts.host_id
ORDER BY LOWER(hosts.hostname)"""

_SHORT = f"""hosts.hostname, NULLIF(printed.names, hosts.hostname) AS printed_as, hosts.labels,
  COALESCE(counted.events, 0) AS events, COALESCE(killed.kills, 0) AS kills,
  {reading.second_text("counted.last_at")} AS last_at"""

_LONG = """hosts.host_id, hosts.hostname, printed.names AS printed_as, hosts.labels,
  COALESCE(counted.events, 0) AS events, COALESCE(killed.kills, 0) AS kills,
  counted.first_at, counted.last_at"""


def host_rows(connection: Connection, *, short: bool = False) -> Rows:
    """Every host by its name; `short` gives what fits a screen."""
    return reading.rows(connection, _HOSTS.format(columns=_SHORT if short else _LONG))
