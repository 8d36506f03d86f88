"""The second arithmetic must itself catch a wrong row: each test doctors one of the seed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests import plain_database
from tests.arithmetic import differences
from tests.corpus.arithmetic import judge_arithmetic
from tests.corpus.compare import Verdict
from tests.corpus.found import AUDITED_VIEWS, events_of
from tests.queries.seed import insert_seed

if TYPE_CHECKING:
    from tests.corpus.found import Event


@pytest.fixture(scope="module")
def whole() -> Event:
    with plain_database.with_views() as connection:
        insert_seed(connection)
        (event,) = events_of(connection, AUDITED_VIEWS)
    return event


@pytest.fixture
def event(whole: Event) -> Event:
    """The seed, to be doctored."""
    return copy.deepcopy(whole)


def test_the_seed_is_the_same_twice(event: Event) -> None:
    verdict = Verdict()
    judge_arithmetic(verdict, [event])
    assert verdict.differences == []
    assert sorted((remark.kind, remark.explanation) for remark in verdict.remarks) == [
        ("printed scores", "equal, or 1 apart"),
        ("victims that were the top", "as the kernel ranks"),
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("zone", "HighMem"),
        ("usable_free_kb", 43496),
        ("min_kb", 0),
        ("reserve_kb", 4990),
        ("has_block", None),
        ("verdict", "usable"),
        ("usable_reason", "sysrq"),
    ],
)
def test_a_wrong_zone_is_caught(event: Event, column: str, value: object) -> None:
    rows = event.rows("zone_fallbacks")
    assert list(differences.of_zones(event, rows)) == []
    rows[1][column] = value
    assert list(differences.of_zones(event, rows))
    assert list(differences.of_zones(event, rows[1:]))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("total_pages", 1998818),
        ("score", 802),
        ("score_root", 800),
        ("score_difference", 3),
        ("score_matches", False),
    ],
)
def test_a_wrong_score_is_caught(event: Event, column: str, value: object) -> None:
    rows = event.rows("score_audit")
    assert list(differences.of_scores(event, rows)) == []
    (java,) = [row for row in rows if row["is_victim"]]
    java[column] = value
    assert list(differences.of_scores(event, rows))
    assert list(differences.of_scores(event, rows[1:]))


def test_a_wrong_rank_is_caught(event: Event) -> None:
    # Without a printed score and with page tables in bytes the table is of 5.x: no bonus.
    for process in event.rows("processes"):
        process |= {"nr_ptes": None, "swapents": 0, "pgtables_bytes": 4096}
    event.row["chosen_score"] = None
    rows = event.rows("score_audit")
    for row in rows:
        row["badness_rank"] = 1
    assert any("rank" in text for text in differences.of_scores(event, rows))
