"""Every setting: its name in `oomdb.toml`, its type, its default, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from oomdb.settings import forms

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a setting may hold.
Value = str | int | bool | tuple[str, ...]


class Kind(StrEnum):
    """The type of a setting's value, by the name that the documentation gives it."""

    TEXT = "text"
    TEXTS = "list of texts"
    PATH = "path"
    PATHS = "list of paths"
    WHOLE = "whole number"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    `name` is its key in the file, with its table before a dot. `parameter` is the option or
    argument of `command` that takes its default from it; no `command`: of every command that
    has the parameter. `least` and `most` are for numbers; `form` raises ValueError for a text
    that does not fit. A `secret` is never shown, and only read from
    a file that its owner alone can read.
    """

    name: str
    kind: Kind
    default: Value | None
    meaning: str
    command: str | None = None
    parameter: str | None = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    form: Callable[[str], object] | None = None
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that is put before the file."""
        return _SHORT_VARIABLES.get(self.name, "OOMDB_" + self.name.replace(".", "_").upper())

    @property
    def option(self) -> str | None:
        """The option that is put before both, as it is typed; PATH... for an argument."""
        if self.parameter is None or self.parameter == "paths":
            return self.parameter and "PATH..."
        return "--" + self.parameter.replace("_", "-")


#: Variables that are older than the file.
_SHORT_VARIABLES = {"db": "OOMDB_DB"}

SETTINGS = (
    Setting("db", Kind.PATH, None, "The database; ./oomdb.duckdb when not set.", parameter="db"),
    Setting(
        "ingest.logs",
        Kind.PATHS,
        None,
        "Logs, folders and archives that are read when none is named.",
        "ingest",
        "paths",
    ),
    Setting(
        "ingest.host", Kind.TEXT, None, "The machine of lines that name none.", "ingest", "host"
    ),
    Setting(
        "ingest.host_from_path",
        Kind.TEXT,
        None,
        "Regular expression whose first group is the host in a path.",
        "ingest",
        "host_from_path",
    ),
    Setting(
        "ingest.timezone",
        Kind.TEXT,
        None,
        "Zone of stamps that print none, such as Europe/Berlin.",
        "ingest",
        "timezone",
        form=forms.zone,
    ),
    Setting(
        "ingest.json_fields",
        Kind.TEXTS,
        None,
        "FACT=NAME: where records in JSON hold the message, host or time.",
        "ingest",
        "json_field",
    ),
    Setting(
        "ingest.jobs",
        Kind.WHOLE,
        None,
        "Processes that read; one for each processor when not set.",
        "ingest",
        "jobs",
        least=1,
    ),
    Setting(
        "ingest.limits",
        Kind.TEXTS,
        None,
        "NAME=VALUE: what reading one file may take.",
        "ingest",
        "limit",
    ),
    Setting(
        "query.timeout",
        Kind.TEXT,
        "300",
        "Most that is waited for the answer to a query [s]; none for no limit.",
        parameter="timeout",
        form=forms.timeout,
    ),
    Setting(
        "query.memory_limit",
        Kind.TEXT,
        None,
        "Most memory that a query may take; 4G, or half of the machine's, when not set.",
        parameter="memory_limit",
        form=forms.memory_limit,
    ),
    Setting(
        "report.day_starts",
        Kind.TEXT,
        "00:00",
        "When the days and weeks of `--last` begin, in the machine's time zone.",
        "report",
        "day_starts",
        form=forms.clock_time,
    ),
    Setting(
        "delivery.journal",
        Kind.PATH,
        None,
        "What was sent to whom; beside the database when not set.",
    ),
    Setting(
        "delivery.patience_s",
        Kind.WHOLE,
        300,
        "How long a target is tried before it is given up [s].",
        least=0,
    ),
    Setting(
        "delivery.timeout_s",
        Kind.WHOLE,
        30,
        "How long a server may be silent [s].",
        least=1,
    ),
    Setting(
        "delivery.most_findings",
        Kind.WHOLE,
        10,
        "Findings that a mail or a webhook's message names; the page has all.",
        least=1,
    ),
    Setting("smtp.host", Kind.TEXT, "localhost", "The mail server."),
    Setting(
        "smtp.port",
        Kind.WHOLE,
        None,
        "Its port; 587 with starttls, 465 with tls and 25 with none when not set.",
        least=1,
        most=65535,
    ),
    Setting(
        "smtp.security",
        Kind.TEXT,
        None,
        "How mail is kept private on its way; none for localhost, else starttls when not set.",
        choices=("starttls", "tls", "none"),
    ),
    Setting("smtp.from", Kind.TEXT, None, "Address of the sender; oomdb@HOST when not set."),
    Setting("smtp.user", Kind.TEXT, None, "Name to log in with; no login when not set."),
    Setting("smtp.password", Kind.TEXT, None, "Password to log in with.", secret=True),
    Setting(
        "smtp.password_file", Kind.PATH, None, "File that holds the password and nothing else."
    ),
    Setting(
        "smtp.ca_file",
        Kind.PATH,
        None,
        "Certificates (PEM) to trust in place of the system's.",
    ),
    Setting("webhook.url", Kind.TEXT, None, "URL that messages are posted to.", secret=True),
    Setting("webhook.url_file", Kind.PATH, None, "File that holds the URL and nothing else."),
    Setting(
        "webhook.format",
        Kind.TEXT,
        None,
        "What the receiver understands; guessed from the URL's host when not set.",
        choices=("slack", "teams", "generic"),
    ),
    Setting(
        "webhook.ca_file",
        Kind.PATH,
        None,
        "Certificates (PEM) to trust in place of the system's.",
    ),
    Setting(
        "metrics.out",
        Kind.PATH,
        None,
        "Where `oomdb metrics` writes; standard output when not set.",
        "metrics",
        "out",
    ),
    Setting(
        "metrics.most_series",
        Kind.WHOLE,
        1000,
        "Hosts, constraints and units that have a number of their own; the others share one.",
        "metrics",
        "most_series",
        least=1,
    ),
    Setting(
        "schedule.to",
        Kind.TEXTS,
        None,
        "Where reports go: a file, a FOLDER/, mailto:NAME@HOST, webhook, webhook:FILE.",
        "schedule",
        "to",
    ),
    Setting(
        "schedule.always",
        Kind.FLAG,
        False,
        "Send also when there is nothing to tell.",
        "schedule",
        "always",
    ),
    Setting(
        "schedule.at",
        Kind.TEXT,
        "07:00",
        "When the schedule runs, in the machine's time zone.",
        "schedule",
        "at",
        form=forms.clock_time,
    ),
    Setting(
        "schedule.memory_max",
        Kind.TEXT,
        "2G",
        "What the service may hold of memory: 2G, 25% of the machine's, or infinity.",
        "schedule",
        "memory_max",
        form=forms.memory_max,
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
