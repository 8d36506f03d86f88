"""Every line form has samples, and each sample is taken by its own form alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oomdb import tables
from oomdb.grammar import LineKind, Section
from oomdb.lines import BY_NAME, KINDS, classify

SAMPLES = [
    pytest.param(kind, sample, id=f"{kind.name}-{number}")
    for kind in KINDS
    for number, sample in enumerate(kind.samples)
]
#: Captures that steer the reading and are no column of the kind's table.
STEERING = {
    "comm",
    "items",
    "pairs",
    "prefix",
    "numbers",
    "scope",
    "parent",
    "cut",
    "unsure",
    "mark",
    "bare_address",
    "uid_before",
    "rss",
    "swap",
    "uid_between",
    "uid_after",
    "kill_message",
    "pid",
    "uid",
    "node",
    "zone",
    "cgroup",
    "cpu",
    "total_kb",
}


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_each_sample_is_taken_by_its_kind_alone(kind: LineKind, sample: str) -> None:
    rivals = [
        other.name
        for other in KINDS
        if other.match(sample)
        and (not other.follows or other is kind or kind.name in other.follows)
    ]
    assert rivals == [kind.name]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.begins_with], ids=lambda k: k.name)
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_line_begins_as_its_pattern_tells(kind: LineKind, data: st.DataObject) -> None:
    assert kind.begins_with is not None
    ascii_only = st.characters(codec="ascii")
    text = data.draw(st.from_regex(kind.regex, fullmatch=True, alphabet=ascii_only))
    assert text[0] in kind.begins_with


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        (r"Mem-Info:", "M"),
        (r"(?P<whole>\[ *pid\])", "["),
        (r"(?P<pages>\d+) pages", "0123456789"),
        (r"(?:Node (?P<node>\d+) )?free", None),
        (r"(?P<text>RIP|EIP): .*", None),
        (r"RIP|EIP", None),
        (r"(?:a(?:b|c))d", "a"),
        (r"(?:a[|)]b)d", "a"),
        (r"N?ode", None),
        (r"\s*frame", None),
        (r"{{COMM}} invoked", None),
    ],
)
def test_the_first_character_is_told_where_it_is_plain(pattern: str, first: str | None) -> None:
    kind = LineKind("name", "", pattern, Section.TRACE, samples=())
    assert kind.begins_with == first


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_each_sample_is_classified(kind: LineKind, sample: str) -> None:
    previous = min(kind.follows) if kind.follows else None
    understood = classify(sample, previous)
    assert understood is not None
    assert understood.kind.name == kind.name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_declared_in_full(kind: LineKind) -> None:
    assert kind.samples, "a kind without a sample is not tested"
    assert kind.follows <= BY_NAME.keys()
    if kind.table is None:
        return
    columns = {column.name for column in tables.BY_NAME[kind.table].columns}
    captures = set(kind.regex.groupindex)
    if kind.items is not None:
        captures |= set(kind.items.regex.groupindex)
    assert captures - STEERING <= columns
    assert set(kind.constants) <= columns


def test_a_line_of_prose_is_no_line_of_a_report() -> None:
    assert classify("The oom-killer was invoked because memory ran out.") is None
    assert classify("java.lang.OutOfMemoryError: Java heap space") is None


def test_a_plain_word_pair_counts_only_inside_cgroup_statistics() -> None:
    assert classify("anon 62734336") is None
    inside = classify("anon 62734336", "cgroup_stats_header")
    assert inside is not None
    assert inside.kind.name == "cgroup_stat"
