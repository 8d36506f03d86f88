"""Judge the views that redo the kernel's arithmetic: nothing may differ from a second one.

A zone that could have served and a victim that was not the top are alarms about our own
arithmetic, so each is counted with the explanation that its view gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.arithmetic import differences
from tests.corpus.compare import Difference, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.corpus.compare import Verdict
    from tests.corpus.found import Event


def judge_arithmetic(verdict: Verdict, events: Sequence[Event]) -> None:
    """Note each row of `zone_fallbacks` that differs, and each alarm."""
    for event in events:
        line = f"line {event.first_line}"
        for text in differences.of_zones(event, event.rows("zone_fallbacks")):
            verdict.differences.append(Difference(f"zone_fallbacks at {line}", "the same", text))
        for text in differences.of_scores(event, event.rows("score_audit")):
            verdict.differences.append(Difference(f"score_audit at {line}", "the same", text))
        verdict.remarks += _of_scores(event)
        for zone in event.rows("zone_fallbacks"):
            if zone["verdict"] == "usable":
                where = f"{line}, node {zone['node']} {zone['zone']} ({event.row['kind']})"
                verdict.remarks.append(Remark("usable zones", zone["usable_reason"], where))


def _of_scores(event: Event) -> Iterator[Remark]:
    line = f"line {event.first_line}"
    for row in event.rows("score_audit"):
        where = f"{line}, pid {row['pid']} {row['comm']}"
        if row["score_printed"] is not None:
            text = "equal, or 1 apart" if row["score_matches"] else row["mismatch_reason"]
            yield Remark("printed scores", text or "not ranked", where)
        if row["reason"] is not None:
            yield Remark("victims that were not the top", row["reason"], where)
        elif row["is_victim"]:
            yield Remark("victims that were the top", "as the kernel ranks", where)
