from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.fleet import patterns
from oomdb.text import stored

#: A name of 20 bytes, and what the kernel prints of it.
LONG, PRINTED = "elasticsearch-server", "elasticsearch-s"


def matches(pattern: str, name: str) -> bool:
    """Whether a budget for the pattern is for a process printed under the name."""
    found = duckdb.execute(
        "SELECT ? LIKE ? ESCAPE '!'", [name, patterns.comm_like(pattern)]
    ).fetchone()
    return found == (True,)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("java", "java", True),
        ("java", "javac", False),
        ("java", "Java", False),
        ("java*", "javac", True),
        ("j?va", "jiva", True),
        ("*", "anything at all", True),
        ("my_app", "myXapp", False),
        ("100%", "100 per cent", False),
        ("wow!", "wow!", True),
        ("a\\b", "a\\b", True),
        ("[kworker]", "[kworker]", True),
        (LONG, PRINTED, True),
        (LONG, "elasticsearch-c", False),
        ("elasticsearch-serv*", PRINTED, True),
        ("elasticsearch-s*", PRINTED, True),
        ("elasticsearch-?erver", PRINTED, True),
        ("elasticsearch-s*r", PRINTED, True),
        ("elastic*", PRINTED, True),
        ("*-server", "web-server", True),
    ],
)
def test_names_as_the_kernel_prints_them(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


def test_a_name_cut_within_a_letter() -> None:
    # The 15th byte is the first of the two of é.
    assert patterns.comm_like("fourteen-chars" + "é") == "fourteen-chars\\xc3"


def test_patterns_that_no_printed_name_can_fit() -> None:
    assert patterns.comm_like("java*-with-a-long-end") is None
    assert patterns.comm_like("*sixteen-letters!") is None


def test_what_users_should_know_of_cut_names() -> None:
    assert [patterns.is_cut(p) for p in (LONG, PRINTED, PRINTED + "*", PRINTED + "*r", "java")] == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert [patterns.misses_cut_names(p) for p in ("*-server", "java*", "java", LONG + "*x")] == [
        True,
        False,
        False,
        False,
    ]


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=25))
def test_every_name_fits_itself_as_the_kernel_cuts_it(name: str) -> None:
    plain = name.replace("*", "x").replace("?", "x")
    printed, _ = stored(plain.encode()[: patterns.COMM_BYTES].decode("latin-1"))
    assert matches(plain, printed)
