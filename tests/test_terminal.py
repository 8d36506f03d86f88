from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.output import terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("java", "java"),
        ("Web Content", "Web Content"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b2J", r"\xc2\x9b2J"),
        ("\u202egnp", r"\xe2\x80\xaegnp"),
        ("bad-\udcff", r"bad-\xff"),
        ("\ud800", r"\ud800"),
        ("größe 漢字", "größe 漢字"),
    ],
)
def test_nothing_a_terminal_obeys_is_printed(text: str, shown: str) -> None:
    assert terminal.printable(text) == shown


@given(st.text())
def test_printable_text_is_one_printable_line(text: str) -> None:
    assert terminal.printable(text).isprintable()


@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" ")), st.integers(2, 40))
def test_wrapping_keeps_every_letter_within_the_width(text: str, width: int) -> None:
    lines = terminal.wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(terminal.cell_width(line) <= width for line in lines)


def test_wrapping_breaks_at_blanks() -> None:
    assert terminal.wrap("its own watermark held", 12) == ["its own", "watermark", "held"]
    assert terminal.wrap("exactly four", 7) == ["exactly", "four"]
    assert terminal.wrap("unbreakable", 4) == ["unbr", "eaka", "ble"]


def test_wide_letters_count_for_two_cells() -> None:
    assert terminal.cell_width("漢字") == 4
    assert terminal.wrap("漢字漢", 4) == ["漢字", "漢"]
    assert terminal.pad("漢", 4) == "漢  "


def test_indents() -> None:
    assert terminal.wrap_indented("one two three", 9, "  ", "    ") == [
        "  one",
        "    two",
        "    three",
    ]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.may_colour(_Terminal())
    assert not terminal.may_colour(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.may_colour(_Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.may_colour(_Terminal())


def test_width_is_eighty_where_nothing_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("shutil.os.get_terminal_size", lambda _: (_ for _ in ()).throw(OSError))
    assert terminal.screen_width() == 80
    monkeypatch.setenv("COLUMNS", "132")
    assert terminal.screen_width() == 132
