"""What a fleet report cannot tell: why it is empty, and what makes its numbers too low."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oomdb.explain.page import plural
from oomdb.fleet_report import statements
from oomdb.fleet_report.facts import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oomdb.fleet_report.facts import FleetReport, Severity

_HOUR_S = 3600


def nothing(report: FleetReport) -> Iterator[Finding]:
    """Says why the page is empty, where it is."""
    if report.count("reports").now:
        return
    yield _empty(report)
    if report.ingested_at is None or report.ingested_at < report.period.since:
        sql = (
            "SELECT COUNT(*) AS sources\nFROM sources\n"
            f"WHERE ingested_at >= {statements.time(report.period.since)}"
        )
        read = "never" if report.ingested_at is None else f"{report.ingested_at:%Y-%m-%d %H:%M}Z"
        yield Finding(
            "warn",
            "not_read",
            f"no log was read since the period began (last: {read}), so nothing can be known of it",
            0,
            "sources",
            sql,
            "quality",
            "see whether the logs still arrive, then oomdb ingest PATH",
        )


def _empty(report: FleetReport) -> Finding:
    """What is known of other periods, and how to see it."""
    count = report.count("reports")
    of_these = " of these hosts" if report.hosts_asked else ""
    told = f"no OOM report{of_these} in the period"
    undated = next(item for item in report.quality if item.name == "reports of unknown time")
    if report.newest_at is None and undated.value:
        # Nothing else can be told of these logs, so it is not left to a note.
        return Finding(
            "warn",
            "undated",
            f"{told}, and no known time in {plural(undated.value, 'report')}{of_these}",
            undated.value,
            undated.source.view,
            undated.source.sql,
            "quality",
            "oomdb events lists them; where only the zone is missing, read their logs again:"
            " oomdb ingest PATH --timezone ZONE",
        )
    if report.newest_at is None:
        told += ", and none of known time in the database"
        step = "see how the hosts are called: oomdb hosts"
        if not report.hosts_asked:
            step = "read the fleet's logs: oomdb ingest PATH"
    elif report.newest_at >= report.period.until:
        step = "the database has later events: see --until"
        told += f"; the newest event{of_these} is of {report.newest_at:%Y-%m-%d %H:%M}Z"
    else:
        told += f"; the newest event{of_these} is of {report.newest_at:%Y-%m-%d %H:%M}Z"
        step = "for the period that ends with it: oomdb report --until latest"
        if report.period.length_s < _HOUR_S:
            # `latest` is the end of an hour, which may be later than so short a period begins.
            step = "for a period that has it: oomdb report --since 1h --until latest"
        if report.newest_at >= report.period.since:
            step = "allocation failures and dumps are no OOM: oomdb events --since lists them"
    return Finding("note", "nothing", told, 0, count.source.view, count.source.sql, "totals", step)


def flaws(report: FleetReport) -> Iterator[Finding]:
    """What makes the numbers of the report too low."""
    for quality in report.quality:
        if quality.value:
            severity: Severity = "warn" if quality.name == "sources set aside" else "note"
            one, _, rest = quality.name.partition(" ")
            name = (
                f"{quality.value:,} {one.removesuffix('s') if quality.value == 1 else one} {rest}"
            )
            if quality.name == "damaged reports":
                name = plural(quality.value, "damaged report")
            source = quality.source
            yield Finding(
                severity,
                quality.name.replace(" ", "_"),
                f"{name}: {quality.meaning}",
                quality.value,
                source.view,
                source.sql,
                "quality",
            )
