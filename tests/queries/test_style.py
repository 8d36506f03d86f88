"""What every saved view keeps to: its header, its test, the portable subset of SQL."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oomdb import resources
from oomdb.views import View, load_views
from tests import plain_database

if TYPE_CHECKING:
    from collections.abc import Iterator

VIEWS = load_views()
NAMES = [view.name for view in VIEWS]

#: Constructs that PostgreSQL or Spark SQL lack or read differently.
FORBIDDEN = {
    "QUALIFY": r"\bQUALIFY\b",
    "ARG_MAX": r"\b(ARG_?MAX|ARG_?MIN|MAX_BY|MIN_BY|FIRST|LAST|ANY_VALUE)\s*\(",
    "LATERAL": r"\bLATERAL\b",
    "UNNEST": r"\b(UNNEST|GENERATE_SERIES|RANGE|LIST|STRING_AGG|ARRAY\w*)\s*\(",
    "GROUP BY ALL": r"\b(GROUP|ORDER)\s+BY\s+ALL\b",
    "GROUP BY position": r"\b(GROUP|ORDER)\s+BY\s+\d",
    "date functions": r"\b(DATE_?DIFF|EXTRACT|EPOCH\w*|NOW|CURRENT_\w+|DATE_TRUNC)\b",
    "percentiles": r"\b(QUANTILE\w*|PERCENTILE\w*|MEDIAN|MODE)\b",
    "shortcuts": r"::|\bIF\s*\(|\bIIF\s*\(|\bIFNULL\s*\(|\bILIKE\b|\bFILTER\s*\(|\bUSING\s*\(",
    "patterns": r"\b(REGEXP\w*|SIMILAR|GLOB)\b|~",
    "integer division": r"//|\bDIV\b",
    "quoted names": r'"',
    "SELECT *": r"\bSELECT\s+(\w+\.)?\*",
}

#: What windows are ordered by that is never NULL there: keys, numbers of rows, counts, or what
#: the view asks to be there. Of all else a window says where NULL goes: DuckDB puts it last,
#: PostgreSQL first in falling order, Spark first in rising order.
NEVER_NULL = frozenset(
    [
        "alloc_order",
        "budget_no",
        "candidate",
        "candidate_no",
        "comm",
        "event_id",
        "event_no",
        "gap_s",
        "host_id",
        "last_time",
        "moment_s",
        "name",
        "oom_memcg",
        "place_no",
        "recent_count",
        "recent_kill_count",
        "resource",
        "rule_no",
        "seen_count",
        "source_id",
        "times",
        "victim_no",
        "weight",
        "zone_rank",
    ]
)


def code(view: View) -> str:
    """The SQL without comments and without literals."""
    return re.sub(r"'[^']*'", "''", re.sub(r"--[^\n]*", "", view.sql))


@pytest.fixture(params=VIEWS, ids=NAMES)
def view(request: pytest.FixtureRequest) -> View:
    found = request.param
    assert isinstance(found, View)
    return found


def path_of(view: View) -> Path:
    return resources.folder("queries") / view.layer / f"{view.name}.sql"


def test_the_header_names_every_column_in_order(view: View) -> None:
    with plain_database.with_views() as connection:
        described = connection.execute(f"DESCRIBE {view.name}").fetchall()
    assert [column for column, _ in view.columns] == [row[0] for row in described]


def test_the_header_states_a_fact_and_every_meaning(view: View) -> None:
    assert view.fact[0].isupper()
    assert view.fact.endswith(".")
    assert all(meaning for _, meaning in view.columns)


def test_a_unit_in_a_name_is_in_the_meaning(view: View) -> None:
    units = {"_kb": "[kB]", "_pages": "[pages]", "_s": "[s]", "_bytes": "[bytes]"}
    for name, meaning in view.columns:
        for suffix, unit in units.items():
            if name.endswith(suffix):
                assert meaning.endswith(unit), name


def test_lines_fit_80_columns(view: View) -> None:
    for line in path_of(view).read_text(encoding="utf-8").splitlines():
        assert len(line) <= 80
        assert line == line.rstrip()


def test_only_the_portable_subset_is_used(view: View) -> None:
    text = code(view)
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text, re.I)]
    assert found == []


def test_a_window_that_is_ordered_by_what_may_be_null_says_where_null_goes(view: View) -> None:
    for window in nodes(syntax_tree(view)):
        if window.get("class") == "WINDOW":
            for order in window["orders"]:
                names = order["expression"].get("column_names")
                if order["null_order"] == "ORDER_DEFAULT" and names:
                    assert names[-1] in NEVER_NULL


def test_no_alias_hides_a_column_that_its_expression_reads(view: View) -> None:
    """`COALESCE(x, 0) AS x`: engines differ in what a later x means."""
    for expression in nodes(syntax_tree(view)):
        alias = expression.get("alias")
        if alias and expression.get("class") not in (None, "COLUMN_REF") and "type" in expression:
            names = [n["column_names"][-1] for n in nodes(expression) if n.get("column_names")]
            assert alias not in names


def syntax_tree(view: View) -> Any:
    """How DuckDB reads the SELECT."""
    connection = plain_database.empty()
    ((tree,),) = connection.execute("SELECT json_serialize_sql(?)", [view.sql]).fetchall()
    return json.loads(tree)


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a syntax tree."""
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(child, dict | list):
            yield from nodes(child)


def test_the_view_has_a_test_of_its_own(view: View) -> None:
    module = Path(__file__).parent / f"test_{view.name}.py"
    assert "def test_" in module.read_text(encoding="utf-8")
