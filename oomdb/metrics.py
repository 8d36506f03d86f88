"""A database as OpenMetrics text, for node_exporter's textfile collector and others.

What is counted of all time is a counter; it goes back only when a database is made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb import __version__, reading
from oomdb.store.places import lake_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oomdb.store.connection import Connection
    from oomdb.store.places import Place


#: The label of what is beyond the most series.
OTHERS = "(others)"

#: Series are taken in the order of their first kills, so that neither a log that is read anew
#: nor one that is later moves one of them: it keeps its number, and that of the others grows.
_KILLS = """
SELECT
  CASE WHEN place <= {most} THEN hostname ELSE '{others}' END AS host,
  CASE WHEN place <= {most} THEN limited_by ELSE '{others}' END AS "constraint",
  CASE WHEN place <= {most} THEN service ELSE '{others}' END AS unit,
  CAST(SUM(kills) AS BIGINT) AS value
FROM (
  SELECT hostname, limited_by, service, kills,
    ROW_NUMBER() OVER (ORDER BY first_at NULLS LAST, hostname, limited_by, service) AS place
  FROM (
    SELECT COALESCE(k.hostname, '') AS hostname, COALESCE(k.constraint_kind, '') AS limited_by,
      COALESCE(k.unit, '') AS service, COUNT(*) AS kills,
      MIN(k.occurred_at) AS first_at
    FROM killed_processes AS k
    GROUP BY k.hostname, k.constraint_kind, k.unit
  ) AS counted
) AS ranked
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3"""

_ONE_ROW = """
SELECT
  (SELECT COUNT(*) FROM incidents) AS incidents,
  (SELECT COUNT(*) FROM hosts) AS hosts,
  (SELECT COUNT(*) FROM events WHERE damage IS NOT NULL) AS damaged,
  (SELECT COUNT(*) FROM unparsed_lines) AS unparsed,
  (SELECT COUNT(*) FROM events WHERE occurred_at IS NULL) AS undated,
  (SELECT COUNT(*) FROM sources) AS sources,
  (SELECT COUNT(*) FROM sources WHERE problem IS NOT NULL) AS set_aside,
  (SELECT MAX(ingested_at) FROM sources) AS last_ingest,
  (SELECT MAX(occurred_at) FROM events) AS last_event,
  (SELECT MAX(entry_no) FROM custody) AS entry_no,
  (SELECT MAX(happened_at) FROM custody) AS last_change"""

_EVENTS = "SELECT kind, COUNT(*) AS value FROM events GROUP BY kind ORDER BY kind"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value, and its labels by name."""

    labels: Mapping[str, str]
    value: int | float


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name without `_total`, what it means, and its samples."""

    name: str
    kind: str
    meaning: str
    samples: Sequence[Sample]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """All that is told of a database."""

    families: Sequence[Family]
    damaged_reports: int
    unparsed_lines: int
    sources_set_aside: int

    @property
    def has_findings(self) -> bool:
        """Whether a part of what was read is damaged, not understood or set aside."""
        return bool(self.damaged_reports or self.unparsed_lines or self.sources_set_aside)


def metrics(connection: Connection, place: Place, most_series: int) -> Metrics:
    """What there is to tell of the database at `place`, with at most so many series of kills.

    The others share one series, whose labels are `(others)`.
    """
    kills = reading.records(connection, _KILLS.format(most=most_series, others=OTHERS))
    (row,) = reading.records(connection, _ONE_ROW)
    events = reading.records(connection, _EVENTS)
    counters = [
        Family(
            "oomdb_kills",
            "counter",
            "Processes killed; constraint and unit are empty where the log does not tell.",
            [_sample(one, "host", "constraint", "unit") for one in kills],
        ),
        Family(
            "oomdb_events",
            "counter",
            "Reports of the kernel about memory, look-alikes too, by kind.",
            [_sample(one, "kind") for one in events],
        ),
    ]
    gauges = [
        ("incidents", "Incidents: a storm of kills is one. Later logs can join two.", None),
        ("hosts", "Machines that reports are from.", None),
        ("damaged", "Reports of which a part is missing or broken.", "reports"),
        ("unparsed", "Lines of reports that were not understood.", "lines"),
        ("undated", "Reports whose time is unknown; they are in no period.", "reports"),
        ("sources", "Logs that were read.", None),
        ("set_aside", "Logs that could not be read to their end.", "sources"),
    ]
    found = [
        _gauge(f"{name}_{unit}" if unit else name, meaning, row[name])
        for name, meaning, unit in gauges
    ]
    found += [
        _gauge(
            "last_ingest_timestamp_seconds",
            "When a log that was new was last read.",
            row["last_ingest"],
        ),
        _gauge(
            "last_event_timestamp_seconds", "When the newest report happened.", row["last_event"]
        ),
        _gauge("database_size_bytes", "Size of the database.", _size_bytes(connection, place)),
        _gauge("custody_entries", "Number of the last entry of custody.", row["entry_no"]),
        _gauge(
            "last_change_timestamp_seconds",
            "When the database was last changed.",
            row["last_change"],
        ),
    ]
    build = Family(
        "oomdb_build", "info", "The oomdb that wrote this.", [Sample({"version": __version__}, 1)]
    )
    return Metrics(
        [build, *counters, *found], int(row["damaged"]), int(row["unparsed"]), int(row["set_aside"])
    )


def _size_bytes(connection: Connection, place: Place) -> int | None:
    if lake_at(place) is not None:
        return None  # to ask an object store for each file would take long
    if isinstance(place, Path):
        return place.stat().st_size
    sql = "SELECT PG_DATABASE_SIZE(CURRENT_DATABASE()) AS size_bytes"
    return int(reading.records(connection, sql)[0]["size_bytes"])


def _sample(record: reading.Record, *labels: str) -> Sample:
    return Sample({label: record[label] for label in labels}, int(record["value"]))


def _gauge(name: str, meaning: str, value: object) -> Family:
    """A gauge with one value; with none where there is no such moment or number."""
    unit = next((unit for unit in ("seconds", "bytes") if name.endswith(f"_{unit}")), None)
    if isinstance(value, datetime):
        value = value.replace(tzinfo=UTC).timestamp()
    samples = [Sample({}, value)] if isinstance(value, int | float) else []
    return Family(f"oomdb_{name}", "gauge", meaning, samples, unit)


def as_text(told: Metrics) -> str:
    """OpenMetrics text, which Prometheus' older text format reads too."""
    return "\n".join([*_lines(told), "# EOF", ""])


def _lines(told: Metrics) -> Iterator[str]:
    suffixes = {"counter": "_total", "info": "_info"}
    for family in told.families:
        yield f"# TYPE {family.name} {family.kind}"
        if family.unit:
            yield f"# UNIT {family.name} {family.unit}"
        yield f"# HELP {family.name} {_escaped(family.meaning)}"
        for sample in family.samples:
            labels = ",".join(f'{name}="{_escaped(text)}"' for name, text in sample.labels.items())
            whole = f"{{{labels}}}" if labels else ""
            yield f"{family.name}{suffixes.get(family.kind, '')}{whole} {sample.value}"


def _escaped(text: str) -> str:
    plain = text.encode("utf-8", "backslashreplace").decode()
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
