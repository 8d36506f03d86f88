"""A message as a mail, and its way to a server."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from oomdb.delivery.retry import NotDeliveredError, TryAgainError
from oomdb.delivery.tls import is_this_machine, trusting
from oomdb.errors import UsageError
from oomdb.output import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from oomdb.delivery.message import Message
    from oomdb.settings.configuration import Configuration

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_NAMES = {"bad": "BAD", "warn": "WARN", "note": "note"}
_COLOURS = {"bad": "#b3261e", "warn": "#8a5a00", "note": "#555555"}
_FIRST_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over, and as whom. UsageError from `of` when settings contradict."""

    host: str
    port: int
    security: str
    sender: Address
    user: str | None
    password: str | None
    ca_file: str | None
    timeout_s: int

    @classmethod
    def of(cls, configuration: Configuration) -> Server:
        """The server that the settings name."""
        host = configuration.text_in_force("smtp.host")
        security = configuration.text("smtp.security")
        security = security or ("none" if is_this_machine(host) else "starttls")
        user, password = configuration.text("smtp.user"), configuration.secret("smtp.password")
        if user is not None and password is None:
            raise UsageError("smtp.user is set, but neither smtp.password nor smtp.password_file")
        if user is not None and security == "none" and not is_this_machine(host):
            raise UsageError(f"smtp.security = none would send the password to {host} in clear")
        return cls(
            host=host,
            port=configuration.whole("smtp.port") or _PORTS[security],
            security=security,
            sender=address(configuration.text("smtp.from") or f"oomdb@{socket.getfqdn()}"),
            user=user,
            password=password,
            ca_file=configuration.text("smtp.ca_file"),
            timeout_s=configuration.number("delivery.timeout_s"),
        )

    def hand_over(self, mail: EmailMessage) -> None:
        """Give one mail to the server.

        TryAgainError for what may pass, NotDeliveredError for what will not.
        """
        try:
            with self._session() as server:
                if self.user is not None and self.password is not None:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _failure(code, f"{self.host} refuses the recipient", answer) from error
        except smtplib.SMTPAuthenticationError as error:
            what = f"{self.host} refuses the login of {self.user}"
            raise _failure(error.smtp_code, what, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code, self.host, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotDeliveredError(f"{self.host}:{self.port}: {error}") from error
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message
            raise NotDeliveredError(f"{self.host}: certificate not trusted: {reason}") from error
        except TimeoutError as error:
            raise TryAgainError(f"{self.host}:{self.port}: no answer in time") from error
        except (OSError, smtplib.SMTPException) as error:
            raise TryAgainError(f"{self.host}:{self.port}: {_said(error)}") from error

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection until its end.

        What the server says to the farewell counts for nothing: a mail that it took is
        delivered, and one that it refused was refused for its own reason.
        """
        server = self._connected()
        try:
            yield server
        finally:
            with suppress(OSError):
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        """A connection that is as private as the settings want."""
        if self.security == "tls":
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout_s, context=trusting(self.ca_file)
            )
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        if self.security == "starttls":
            try:
                server.starttls(context=trusting(self.ca_file))
            except BaseException:
                server.close()
                raise
        return server


def address(text: str) -> Address:
    """A mail address, as `a@b` or `Name <a@b>`; UsageError when it is none."""
    from email.utils import parseaddr

    name, plain = parseaddr(text)
    try:
        found = Address(display_name=name, addr_spec=plain)
    except (HeaderParseError, ValueError, IndexError):
        found = Address()
    is_whole = bool(found.username and found.domain) and plain in text
    if not is_whole or not plain.isascii() or not text.isprintable():
        raise UsageError(f"not a mail address: {text!r}")
    return found


def compose(
    message: Message, recipient: Address, server: Server, sent_at: datetime, most_findings: int
) -> EmailMessage:
    """The mail: the report as text, its findings as HTML, and the page attached."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = " ".join(terminal.printable(message.subject).split())
    mail["From"] = server.sender
    mail["To"] = recipient
    mail["Date"] = format_datetime(sent_at.astimezone(UTC))
    message_id = message.id_for(f"mailto:{recipient.addr_spec.lower()}")
    mail["Message-ID"] = f"<oomdb.{message_id}@{server.sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.document(".txt").decode("utf-8", "replace"))
    mail.add_alternative(_html(message, most_findings), subtype="html")
    mail.add_attachment(
        message.document(message.page_suffix),
        maintype="text",
        subtype={".html": "html", ".md": "markdown"}.get(message.page_suffix, "plain"),
        filename=f"oomdb-{message.period_name}{message.page_suffix}",
    )
    return mail


def _html(message: Message, most: int) -> str:
    """The findings for programs that show HTML: styles in the tags, as many drop all others."""
    rows = []
    for finding in message.findings[:most]:
        colour = _COLOURS.get(finding.severity, "#555555")
        step = f"<br>{escape(terminal.printable(finding.step))}" if finding.step else ""
        rows.append(
            f'<li><b style="color:{colour}">{_NAMES.get(finding.severity, "")}</b> '
            f"{escape(terminal.printable(finding.text))}{step}</li>"
        )
    listed = f"<ul>{''.join(rows)}</ul>" if rows else "<p>Nothing to look at.</p>"
    left_out = len(message.findings) - most
    more = f"<p>and {left_out:,} more</p>" if left_out > 0 else ""
    return (
        '<!doctype html><html lang="en"><body style="font-family:sans-serif">'
        f'<h1 style="font-size:1.2em">{escape(terminal.printable(message.subject))}</h1>'
        f"{listed}{more}<p>The attached page has it all.</p></body></html>\n"
    )


def _failure(code: int, what: str, reason: bytes | str) -> TryAgainError | NotDeliveredError:
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    told = f"{what}: {code} {terminal.printable(' '.join(text.split()))}"
    return NotDeliveredError(told) if code >= _FIRST_PERMANENT else TryAgainError(told)


def _said(error: Exception) -> str:
    strerror = error.strerror if isinstance(error, OSError) else None
    return terminal.printable(strerror or str(error) or type(error).__name__)
