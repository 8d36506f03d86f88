"""The lines that each generation of kernels prints, as templates in `shapes/`.

A file holds sections. `@name` starts one; each of its lines is a record that the kernel
prints at once, and a line that starts with `+` is a further line of the record above it.
Names in braces are filled in with drawn values. `like OTHER`, the first line of a file,
takes every section of another file that this one does not have. The sections `global`,
`memcg_v1` and `memcg_v2` list the sections of such a report in printed order; one that is
empty says that these kernels' machines do not print such reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

#: The kinds of report, by what was exhausted.
KINDS = ("global", "memcg_v1", "memcg_v2")


@dataclass(frozen=True)
class Shape:
    """The templates of one generation; `sections` are records, and those are lines."""

    name: str
    sections: dict[str, tuple[tuple[str, ...], ...]]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of report that it prints, of KINDS."""
        return tuple(kind for kind in KINDS if self.order(kind))

    def order(self, kind: str) -> tuple[str, ...]:
        """The sections of a report of that kind in printed order; none when never printed."""
        return tuple(word for (line,) in self.sections.get(kind, ()) for word in line.split())

    def fact(self, name: str) -> str:
        """What the section `facts` says under a name; KeyError when it says nothing."""
        facts = dict(line.split(" ", 1) for (line,) in self.sections["facts"])
        return facts[name]

    @property
    def pid_max(self) -> int:
        """Process ids are below it."""
        return int(self.fact("pid_max"))

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carriers that are usual on such machines, most usual first."""
        return tuple(self.fact("carriers").split())


def names() -> tuple[str, ...]:
    """The names of all shapes, such as 6.1-debian."""
    files = (entry.name for entry in resources.files(__package__).joinpath("shapes").iterdir())
    return tuple(sorted(name.removesuffix(".txt") for name in files if name.endswith(".txt")))


@cache
def load(name: str) -> Shape:
    """The shape called `name`; FileNotFoundError when there is none."""
    file = resources.files(__package__).joinpath("shapes", f"{name}.txt")
    lines = file.read_text(encoding="utf-8").splitlines()
    sections: dict[str, tuple[tuple[str, ...], ...]] = {}
    if lines[0].startswith("like "):
        sections.update(load(lines[0].removeprefix("like ")).sections)
        del lines[0]
    records: list[tuple[str, ...]] = []
    section = ""
    for line in [*lines, "@"]:
        if line.startswith("@"):
            if section:
                sections[section] = tuple(records)
            section, records = line[1:], []
        elif line.startswith("+"):
            records[-1] = (*records[-1], line[1:])
        else:
            records.append((line,))
    return Shape(name, sections)
