"""The text of the documentation that follows from the code; cog puts it in its place.

`make docs` writes it anew, `make lint` checks that it is current.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from oomdb import tables
from oomdb.settings.table import SETTINGS
from oomdb.views import load_views

ROOT = Path(__file__).resolve().parent.parent
_WIDTH = "80"

#: What the example's users tell of their fleet.
FILES = {
    "hosts.csv": "host,role,owner\niZ23*,broker,mq team\nweb*,web,shop\n",
    "budgets.csv": ("label,comm,kb,note\nrole=broker,java,4521984,heap 4 GB + PermGen 320 MB\n"),
}


def _oomdb(folder: Path, *arguments: str) -> str:
    """Stdout of a command, run where no setting of the user's reaches it."""
    return subprocess.run(
        [sys.executable, "-m", "oomdb", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": _WIDTH, "LANG": "C"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    ).stdout


@cache
def _demo_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder with the samples, a database of the seed, and what users tell of its host."""
    folder = tempfile.TemporaryDirectory(prefix="oomdb-docs-")
    (Path(folder.name) / "samples").symlink_to(ROOT / "samples")
    _oomdb(Path(folder.name), "ingest", "samples/rocketmq-8g.log")
    for name, content in FILES.items():
        Path(folder.name, name).write_text(content, encoding="utf-8")
        _oomdb(Path(folder.name), name.removesuffix(".csv"), "import", name)
    return folder


def example(*arguments: str, first: str = "", last: str = "", before: str = "") -> str:
    """A command on the seed incident and what it prints, from `first` to `last`.

    Without `last` it ends where `before` begins, or with the last line.
    """
    printed = _oomdb(Path(_demo_folder().name), *arguments)
    start = printed.index(first)
    end = len(printed)
    if last or before:
        end = printed.index(last or before, start) + len(last)
    command = " ".join(
        word if re.fullmatch(r"[\w./-]+", word) else f'"{word}"' if "'" in word else f"'{word}'"
        for word in arguments
    )
    return f"```console\n$ oomdb {command}\n{printed[start:end].rstrip()}\n```\n"


def file(name: str) -> str:
    """One of the example's files."""
    return f"```text\n{FILES[name]}```\n"


def commands() -> str:
    """Every command with its own help."""
    from typer.main import get_command

    from oomdb.cli import app

    parts = []
    group = get_command(app)
    for path in ([], *_command_paths(group, [])):
        title = " ".join(["oomdb", *path])
        help_text = _oomdb(ROOT, *path, "--help").rstrip()
        parts.append(f"## `{title}`\n\n```text\n{help_text}\n```\n")
    return "\n".join(parts)


def _command_paths(command: object, path: list[str]) -> list[list[str]]:
    """The words of each command below `command`, in the order of the help."""
    found = []
    for name, child in getattr(command, "commands", {}).items():
        found += [[*path, name], *_command_paths(child, [*path, name])]
    return found


def table_list() -> str:
    """Every table with its columns."""
    parts = []
    for table in tables.TABLES:
        parts.append(f"## `{table.name}`\n\n{table.row}\n")
        rows = [
            f"| `{column.name}` | {column.type.value} | {_cell(column.comment)} |"
            for column in table.columns
        ]
        parts.append(
            "\n".join(["| column | type | what it holds |", "|---|---|---|", *rows]) + "\n"
        )
    return "\n".join(parts)


def diagram() -> str:
    """The tables and the columns that join them, as a Mermaid diagram."""
    lines = ["```mermaid", "erDiagram"]
    for table in tables.TABLES:
        names = {column.name for column in table.columns}
        if table.parent == "events":
            lines.append(f"    events ||--o{{ {table.name} : event_id")
        for parent, key in (("hosts", "host_id"), ("sources", "source_id")):
            if key in names and table.name != parent:
                lines.append(f"    {parent} ||--o{{ {table.name} : {key}")
    return "\n".join([*lines, "```", ""])


def settings() -> str:
    """Every setting with its type, default and variable."""
    rows = []
    for setting in SETTINGS:
        default = "" if setting.default is None else f"`{_toml(setting.default)}`"
        kind = " \\| ".join(f"`{one}`" for one in setting.choices) or setting.kind.value
        kind += ", secret" if setting.secret else ""
        used_by = f"`{setting.command or 'every command'} {setting.option}`"
        used_by = used_by.replace("`every command ", "`") if setting.option else ""
        cells = (f"`{setting.name}`", kind, default, used_by, f"`{setting.variable}`")
        rows.append(f"| {' | '.join(cells)} | {_cell(setting.meaning)} |")
    head = "| setting | type | default | option | variable | what it is |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows]) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def view_list() -> str:
    """Every saved view with its fact and columns, by layer and name."""
    parts = []
    for view in sorted(load_views(), key=lambda each: (each.layer, each.name)):
        rows = [f"| `{name}` | {_cell(meaning)} |" for name, meaning in view.columns]
        table = "\n".join(["| column | meaning |", "|---|---|", *rows])
        parts.append(f"## `{view.name}` ({view.layer})\n\n{view.fact}\n\n{table}\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
