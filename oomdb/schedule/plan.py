"""What a schedule runs, when, with which files: worked out once, for systemd and for cron."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.delivery.targets import FileTarget, targets, webhook_file, with_plain_kind
from oomdb.errors import UsageError
from oomdb.schedule.period import clock_time
from oomdb.settings import forms
from oomdb.settings.configuration import is_open_to_others
from oomdb.settings.file import VARIABLE
from oomdb.settings.table import BY_NAME, SETTINGS, Kind
from oomdb.store.places import Server, database_named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time

    from oomdb.settings.configuration import Configuration
    from oomdb.store.places import Place

#: Where the database of a service is unless another is named; systemd makes the folder.
STATE_FOLDER = Path("/var/lib/oomdb")
#: How long each schedule's period is.
_LENGTHS = {"daily": "day", "weekly": "week"}
#: What the commands say themselves, so that no variable has to.
_IN_COMMANDS = ("db", "ingest.logs", "report.day_starts")
_NOT_NEEDED = ("schedule.", "metrics.", "query.")
#: How long the service waits while another process writes the database [s].
_WAIT_S = 1800


@dataclass(frozen=True, slots=True)
class Secret:
    """A file that the service may read though its user may not; `variable` tells where it is."""

    name: str
    path: Path
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule, with every path absolute.

    `to` are targets; a secret file in one of them is named `webhook:NAME` with the name
    of its secret. `writes` are folders beside the database's.
    """

    every: str
    at: time
    program: tuple[str, ...]
    db: Place
    logs: tuple[str, ...]
    to: tuple[str, ...]
    always: bool
    config: Path | None
    variables: dict[str, str]
    secrets: tuple[Secret, ...]
    writes: tuple[Path, ...]
    uses_network: bool
    memory_max: str

    @property
    def name(self) -> str:
        """What units and marks in a crontab are called."""
        return f"oomdb-{self.every}"

    @property
    def folder(self) -> Path:
        """The folder of the database; of one on a server, that of what was sent."""
        return self.db.parent if isinstance(self.db, Path) else STATE_FOLDER

    @property
    def length(self) -> str:
        """The period of each report, as `report --last` takes it."""
        return _LENGTHS[self.every]

    def commands(self, secrets_in: str | None) -> list[list[str]]:
        """The commands to run, one after the other.

        `secrets_in` is the folder in which secrets will be; None where they are in place.
        """
        places = {one.name: str(one.path) for one in self.secrets}
        to = []
        for target in self.to:
            name = target.removeprefix("webhook:")
            if target.startswith("webhook:"):
                target = f"webhook:{secrets_in}/{name}" if secrets_in else f"webhook:{places[name]}"
            to += ["--to", target]
        report = ["report", "--db", str(self.db), "--last", self.length]
        report += ["--day-starts", f"{self.at:%H:%M}", *to]
        return [
            [*self.program, "ingest", "--db", str(self.db), "--wait", str(_WAIT_S), *self.logs],
            [*self.program, *report, *(["--always"] if self.always else [])],
        ]


def plan(
    configuration: Configuration,
    every: str,
    *,
    to: Sequence[str],
    logs: Sequence[str],
    db: Place | None,
    at: str,
    memory_max: str,
    always: bool,
    for_the_system: bool,
) -> Plan:
    """The schedule that options and settings mean.

    UsageError when a target, a log or a secret is not set up so that it can work.
    """
    to = [with_plain_kind(one) for one in to]
    if not to:
        raise UsageError("say where reports go: --to TARGET, or schedule.to in oomdb.toml")
    logs = tuple(logs) or configuration.texts("ingest.logs")
    if not logs or "-" in logs:
        raise UsageError("name the logs to read: --logs PATH, or ingest.logs in oomdb.toml")
    try:
        memory_max = forms.memory_max(memory_max)
    except ValueError as error:
        raise UsageError(f"--memory-max: {error}") from None
    default = STATE_FOLDER / "oomdb.duckdb" if for_the_system else None
    database = db or default or database_named(None)
    if isinstance(database, Path):
        database = database.absolute()
    elif isinstance(database, Server) and str(database) != database.url:
        raise UsageError(
            "the password in the database's URL would stand in a file that others can read:"
            " leave it out, and put it into a password file (passfile in the URL, or ~/.pgpass)"
        )
    journal = configuration.path_of("delivery.journal")
    planned = [_target(one, number) for number, one in enumerate(to, 1)]
    folders = [
        one.path if one.is_folder else one.path.parent
        for one in targets(to, configuration, database if isinstance(database, Path) else None)
        if isinstance(one, FileTarget)
    ]
    found = Plan(
        every=every,
        at=clock_time(at),
        program=program(),
        db=database,
        logs=tuple(os.path.abspath(Path(one).expanduser()) for one in logs),  # noqa: PTH100
        to=tuple(text for text, _ in planned),
        always=always,
        config=configuration.path.absolute() if configuration.path else None,
        variables=_variables(configuration),
        secrets=(
            *(secret for _, secret in planned if secret),
            *_secret_files(configuration),
        ),
        writes=tuple(dict.fromkeys([*folders, *([journal.parent] if journal else [])])),
        uses_network=not isinstance(database, Path)
        or any(one.startswith(("mailto:", "webhook")) for one in to),
        memory_max=memory_max,
    )
    _refuse_unprintable(found)
    return found


def program() -> tuple[str, ...]:
    """How this oomdb is started again: by its script beside its Python, else as a module."""
    script = Path(sys.executable).with_name("oomdb")
    if os.access(script, os.X_OK):
        return (str(script),)
    found = shutil.which("oomdb")
    if found and Path(found).resolve() == Path(sys.argv[0]).resolve():
        return (os.path.abspath(found),)  # noqa: PTH100
    return (sys.executable, "-P", "-m", "oomdb")


def _target(text: str, number: int) -> tuple[str, Secret | None]:
    """The target as the commands will name it, and the secret file in it."""
    scheme = text.partition(":")[0].lower()
    if scheme in ("http", "https"):
        raise UsageError(
            "a webhook's URL is a secret and would stand in a file that others can read: put it"
            " into a file of its own, and give --to webhook:FILE"
        )
    if scheme == "webhook" and text != "webhook":
        path = webhook_file(text).absolute()
        return f"webhook:webhook-{number}", Secret(f"webhook-{number}", path)
    if scheme == "mailto" or text == "webhook":
        return text, None
    whole = os.path.abspath(Path(text).expanduser())  # noqa: PTH100
    return whole + ("/" if text.endswith("/") else ""), None


def _variables(configuration: Configuration) -> dict[str, str]:
    """What the environment says now and a service would not know."""
    found = {}
    for setting in SETTINGS:
        text = configuration.variables.get(setting.variable)
        if text is None or setting.name in _IN_COMMANDS or setting.name.startswith(_NOT_NEEDED):
            continue
        if setting.secret:
            raise UsageError(
                f"{setting.variable} will not be there when the schedule runs: put the secret"
                f" into a file, and name that in {setting.name}_file"
            )
        found[setting.variable] = str(Path(text).absolute()) if setting.kind is Kind.PATH else text
    return found


def _secret_files(configuration: Configuration) -> list[Secret]:
    """Files of secrets that settings name, and the file of settings where it holds some."""
    found = []
    for name in ("smtp.password_file", "webhook.url_file"):
        path = configuration.path_of(name)
        if path is not None:
            plain = name.replace(".", "-").removesuffix("_file")
            found.append(Secret(plain, path.absolute(), BY_NAME[name].variable))
    if configuration.path and not is_open_to_others(configuration.path):
        found.append(Secret("oomdb.toml", configuration.path.absolute(), VARIABLE))
    return found


def _refuse_unprintable(found: Plan) -> None:
    """No unit and no crontab can hold a name with a line break."""
    words = [word for command in found.commands(None) for word in command]
    words += [*found.variables.values(), *(str(one.path) for one in found.secrets)]
    words += [str(path) for path in (*found.writes, found.config or "")]
    for word in words:
        if not word.isprintable():
            raise UsageError(f"a schedule cannot hold this name: {word!r}")
