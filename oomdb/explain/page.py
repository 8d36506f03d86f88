"""Sentences and numbers on a page for a person: wrapped, indented, with units."""

from __future__ import annotations

from oomdb import terminal

_KB_PER_GIB = 1024 * 1024


def number(value: int) -> str:
    """`value` with thousands separators."""
    return f"{value:,}"


def kb(value: int | None) -> str:
    """`value` kB in words; unknown when it is None."""
    return "unknown" if value is None else f"{value:,} kB"


def kb_and_gib(value: int) -> str:
    """`value` kB, from 1 GiB up with the GiB in brackets."""
    if value < _KB_PER_GIB:
        return kb(value)
    return f"{value:,} kB ({value / _KB_PER_GIB:.1f} GiB)"


def named(comm: str | None, pid: int | None) -> str:
    """A process as a person names it."""
    name = "a process of unknown name" if comm is None else (comm or "a process without a name")
    return name if pid is None else f"{name} (pid {pid})"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`count` with the right form of its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


class Page:
    """Lines of at most `width` cells, free of anything that a terminal would obey."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []
        self._sections = 0

    def heading(self, text: str) -> None:
        """Begin the next numbered section."""
        self._sections += 1
        self.lines += ["", f"{self._sections}. {text}"]

    def say(self, text: str, indent: int = 3, hanging: int | None = None) -> None:
        """A paragraph; lines after the first are indented by `hanging`."""
        self.lines += terminal.wrap_indented(
            terminal.printable(text),
            self.width,
            " " * indent,
            None if hanging is None else " " * hanging,
        )

    def blank(self) -> None:
        """An empty line."""
        self.lines.append("")

    def table(
        self, rows: list[tuple[str, ...]], alignment: str, indent: int = 5, gap: str = "  "
    ) -> None:
        """Rows in columns, `<` left or `>` right; text in a last left column is wrapped."""
        cells = [[terminal.printable(cell) for cell in row] for row in rows]
        widths = [max(map(terminal.cell_width, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            padded = [
                terminal.pad(cell, width, right=side == ">")
                for cell, width, side in zip(row, widths, alignment, strict=True)
            ]
            if alignment.endswith("<"):
                head = " " * indent + "".join(cell + gap for cell in padded[:-1])
                hanging = min(terminal.cell_width(head), self.width // 2)
                room = self.width - hanging
                if terminal.cell_width(head) > hanging:
                    self.lines.append(head.rstrip())
                    head = " " * hanging
                first, *others = terminal.wrap(row[-1], room)
                self.lines.append((head + first).rstrip())
                self.lines += [" " * hanging + line for line in others]
            else:
                self.lines.append((" " * indent + gap.join(padded)).rstrip())
