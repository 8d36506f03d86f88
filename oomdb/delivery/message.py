"""What is delivered, whatever way it goes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One line that is worth attention: `bad`, `warn` or `note`, and the view that it is from."""

    severity: str
    text: str
    view: str
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A report about `since` <= time < `until` (naive UTC), the worst finding first.

    `about` names the report, and the database and choice that it was made of: equal texts
    for equal reports. `document` makes the whole report as `.html`, `.md`, `.json` or `.txt`;
    `page_suffix` says which of them folders and mails get.
    """

    about: Sequence[str]
    since: datetime
    until: datetime
    subject: str
    findings: Sequence[Finding]
    document: Callable[[str], bytes]
    page_suffix: str = ".html"

    @property
    def has_findings(self) -> bool:
        """Whether there is something to look at, beyond notes."""
        return any(finding.severity != "note" for finding in self.findings)

    def id_for(self, target: str) -> str:
        """What names this period's message to this target, 32 hexadecimal digits.

        The same each time it is sent, so that receivers know it again; it gives the
        target away to nobody.
        """
        named = [*self.about, self.since.isoformat(), self.until.isoformat(), target]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]

    @property
    def period_name(self) -> str:
        """The period for names of files: `2026-11-20--2026-11-27`, with times where needed."""
        moments = (self.since, self.until)
        is_whole = all((moment.hour, moment.minute) == (0, 0) for moment in moments)
        form = "%Y-%m-%d" if is_whole else "%Y-%m-%dT%H%M"
        return "--".join(moment.strftime(form) for moment in moments)
