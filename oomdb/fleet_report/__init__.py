"""What the OOM killer did to a fleet in a period: facts first, then as text, Markdown or a page.

`fleet_report(connection, period, hosts)` reads it; `FleetReport.attention` is what is worth
a look, the worst first, and `FleetReport.has_findings` whether anything is.
"""

from __future__ import annotations

from oomdb.fleet_report.facts import Finding, FleetReport
from oomdb.fleet_report.period import Period, period_of
from oomdb.fleet_report.read import fleet_report

__all__ = ["Finding", "FleetReport", "Period", "fleet_report", "period_of"]
