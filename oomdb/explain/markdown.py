"""A story as Markdown."""

from __future__ import annotations

import re

from oomdb.explain.blocks import Blocks, Field, Heading, Paragraph, Rows
from oomdb.output import terminal

#: What Markdown would obey; underscores inside words are none.
_SPECIAL = re.compile(r"([\\`*|<>\[\]#~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
#: A number and a full stop at the start of a line begin a list.
_LIST = re.compile(r"^(\d+)([.)])|^([-+])")


def written(blocks: Blocks) -> str:
    """What was told, in the order of telling; names out of logs cannot change the layout."""
    first, *others = blocks.told
    parts = [f"# {_text(first.text)}" if isinstance(first, Paragraph) else _block(first)]
    return "\n\n".join([*parts, *map(_block, others)])


def paragraph(text: str) -> str:
    """`text` as a paragraph."""
    return _text(terminal.printable(text))


def code(text: str, language: str) -> str:
    """`text` as a block of code, in a fence that no run of backticks in it can end."""
    runs = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(runs + 1, 3)
    return f"{fence}{language}\n{terminal.printable_lines(text)}\n{fence}"


def _block(block: Heading | Paragraph | Field | Rows) -> str:
    match block:
        case Heading():
            return f"## {_text(block.text)}"
        case Paragraph():
            return _text(block.text)
        case Field(label, (text,)):
            return f"**{_text(label)}**: {_text(text)}"
        case Field():
            return f"**{_text(block.label)}**:\n\n" + "\n".join(
                f"- {_text(text)}" for text in block.texts
            )
        case Rows():
            return _table(block)


def _text(text: str) -> str:
    return _LIST.sub(r"\1\\\2\3", _SPECIAL.sub(r"\\\1", text))


def _table(block: Rows) -> str:
    header = block.header or ("",) * len(block.alignment)
    rule = "|" + "|".join(" ---: " if side == ">" else " --- " for side in block.alignment) + "|"
    lines = [_row(header), rule, *map(_row, block.rows)]
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(map(_text, cells)) + " |"
