"""Where a message goes, as users write it: a file, a folder, mailto:, webhook."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from oomdb.errors import OomdbError, UsageError, reason_of
from oomdb.output.places import refuse_database
from oomdb.publishing import replacing
from oomdb.settings.configuration import secret_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.headerregistry import Address

    from oomdb.delivery.mail import Server
    from oomdb.delivery.message import Message
    from oomdb.delivery.webhook import Webhook
    from oomdb.settings.configuration import Configuration

#: The document that a file gets, by its suffix; text for all others.
_DOCUMENTS = {".html": ".html", ".htm": ".html", ".md": ".md", ".json": ".json"}
#: What other programs take for no file.
_STREAMS = ("-", "stdout", "stderr")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Target(Protocol):
    """One place that messages are sent to."""

    @property
    def key(self) -> str:
        """What tells it from others; it may hold secrets."""

    @property
    def shown(self) -> str:
        """What may be seen of it."""

    @property
    def is_noted(self) -> bool:
        """Whether the journal keeps it from a second message; a file is written anew."""

    def send(self, message: Message) -> None:
        """Deliver; TryAgainError for what may pass, another OomdbError for what will not."""


@dataclass(frozen=True, slots=True)
class FileTarget:
    """A file, written anew each time, or a folder in which each period has a file."""

    path: Path
    is_folder: bool
    is_noted: bool = False

    @property
    def key(self) -> str:
        """Its absolute path."""
        return str(self.path)

    @property
    def shown(self) -> str:
        """Its absolute path."""
        return f"{self.path}/" if self.is_folder else str(self.path)

    def send(self, message: Message) -> None:
        """Write the document that the name asks for; OomdbError when that fails."""
        out = self.path
        suffix = _DOCUMENTS.get(out.suffix.lower(), ".txt")
        if self.is_folder:
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OomdbError(f"cannot make {out}: {reason_of(error)}") from error
            suffix = message.page_suffix
            out = out / f"oomdb-{message.period_name}{suffix}"
        content = message.document(suffix)
        with replacing(out) as file:
            file.write(content)


@dataclass(frozen=True, slots=True)
class MailTarget:
    """One mail address."""

    recipient: Address
    server: Server
    most_findings: int
    is_noted: bool = True

    @property
    def key(self) -> str:
        """The address as a URL."""
        return f"mailto:{self.recipient.addr_spec.lower()}"

    @property
    def shown(self) -> str:
        """The address as a URL."""
        return f"mailto:{self.recipient.addr_spec}"

    def send(self, message: Message) -> None:
        """Hand the mail to the server."""
        from oomdb.delivery.mail import compose

        now = datetime.now(UTC)
        self.server.hand_over(
            compose(message, self.recipient, self.server, now, self.most_findings)
        )


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """One URL."""

    webhook: Webhook
    most_findings: int
    is_noted: bool = True

    @property
    def key(self) -> str:
        """The URL."""
        return self.webhook.url

    @property
    def shown(self) -> str:
        """Its host, and the form of what is sent."""
        return f"{self.webhook.shown} ({self.webhook.form})"

    def send(self, message: Message) -> None:
        """Post the summary."""
        from oomdb.delivery.webhook import content

        message_id = message.id_for(self.key)
        self.webhook.post(
            content(message, self.webhook.form, message_id, self.most_findings), message_id
        )


def targets(
    texts: Sequence[str], configuration: Configuration, database: Path | None = None
) -> list[Target]:
    """The targets, each once, in their order.

    UsageError for what is none or not set up, and for a file that would replace the `database`.
    """
    found: dict[str, Target] = {}
    for text in texts:
        for target in _targets(text, configuration):
            if isinstance(target, FileTarget) and database is not None:
                refuse_database(target.path, database, "--to")
            found.setdefault(target.key, target)
    return list(found.values())


def _targets(text: str, configuration: Configuration) -> list[Target]:
    most = configuration.number("delivery.most_findings")
    text = with_plain_kind(text)
    scheme = text.partition(":")[0].lower()
    if scheme == "mailto":
        return _mail(text[len("mailto:") :], configuration, most)
    if text == "webhook" or scheme in ("webhook", "https", "http"):
        from oomdb.delivery.webhook import webhook

        hook = webhook(
            _url(text, configuration),
            configuration.text("webhook.format"),
            configuration.text("webhook.ca_file"),
            configuration.number("delivery.timeout_s"),
        )
        return [WebhookTarget(hook, most)]
    if _SCHEME.match(text):
        raise UsageError(
            f"cannot deliver to {scheme}://...: give a file, a folder, mailto:NAME@HOST or webhook"
        )
    if not text.strip():
        raise UsageError("a target of delivery is empty")
    if text.lower() in _STREAMS:
        raise UsageError(
            f"a report that is sent does not go to {text}: leave --to out to have it there, or"
            f" give ./{text} for a file so called"
        )
    path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100  (links stay)
    return [FileTarget(path, text.endswith("/") or path.is_dir())]


def with_plain_kind(text: str) -> str:
    """The target with its kind in small letters, which means the same."""
    kind, colon, rest = text.partition(":")
    plain = kind.strip().lower()
    return plain + colon + rest if plain in ("mailto", "webhook") else text


def _mail(text: str, configuration: Configuration, most: int) -> list[Target]:
    from oomdb.delivery.mail import Server, address

    if "?" in text or "%" in text:
        raise UsageError(f"mailto:{text}: give addresses alone, with commas between them")
    server = Server.of(configuration)
    return [MailTarget(address(one.strip()), server, most) for one in text.split(",")]


def _url(text: str, configuration: Configuration) -> str:
    if text == "webhook":
        url = configuration.secret("webhook.url")
        if url is None:
            raise UsageError("for the target webhook set webhook.url_file (or webhook.url)")
        return url
    if text.startswith("webhook:"):
        return secret_in(webhook_file(text))
    return text


def webhook_file(target: str) -> Path:
    """The file that a target `webhook:FILE` names; UsageError when it names none."""
    name = target.partition(":")[2]
    if not name.strip():
        raise UsageError("webhook: names no file; give webhook:FILE, one that holds the URL")
    return Path(name).expanduser()
