"""Judge the views that redo the kernel's arithmetic: nothing may differ from a second one.

A zone that could have served and a victim that was not the top are alarms about our own
arithmetic, so each is counted with the explanation that its view gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.arithmetic import differences
from tests.corpus.compare import Difference, Remark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.corpus.compare import Verdict
    from tests.corpus.found import Event


def judge_arithmetic(verdict: Verdict, events: Sequence[Event]) -> None:
    """Note each row of `zone_fallbacks` that differs, and each alarm."""
    for event in events:
        line = f"line {event.first_line}"
        for text in differences.of_zones(event, event.rows("zone_fallbacks")):
            verdict.differences.append(Difference(f"zone_fallbacks at {line}", "the same", text))
        for zone in event.rows("zone_fallbacks"):
            if zone["verdict"] == "usable":
                where = f"{line}, node {zone['node']} {zone['zone']} ({event.row['kind']})"
                verdict.remarks.append(Remark("usable zones", zone["usable_reason"], where))
