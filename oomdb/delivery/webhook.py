"""A message as JSON to an HTTP server: Slack, Teams, or anything that takes JSON."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oomdb import __version__
from oomdb.delivery.retry import NotDeliveredError, TryAgainError
from oomdb.delivery.tls import is_this_machine, trusting
from oomdb.errors import UsageError
from oomdb.output import terminal
from oomdb.settings import secret_urls

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message as Headers

    from oomdb.delivery.message import Message

_HOSTS = {
    "hooks.slack.com": "slack",
    "hooks.slack-gov.com": "slack",
    "webhook.office.com": "teams",
    "logic.azure.com": "teams",
    "api.powerplatform.com": "teams",
}
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_MARKS = {"bad": "\N{LARGE RED CIRCLE}", "warn": "\N{LARGE YELLOW CIRCLE}"}
_NOTE = "\N{MEDIUM WHITE CIRCLE}"
#: What Slack takes of one section and of a header, and how many sections beside others.
_MOST_SECTION, _MOST_HEADER, _MOST_SECTIONS = 3000, 150, 45
_MOST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL, which is a secret, and the form of JSON that it takes."""

    url: str
    form: str
    ca_file: str | None
    timeout_s: int

    @property
    def shown(self) -> str:
        """The target without what makes it a secret."""
        return secret_urls.shown(self.url)

    def post(self, content: dict[str, Any], message_id: str) -> None:
        """Send one message. TryAgainError for what may pass, NotDeliveredError for the rest."""
        request = urllib.request.Request(
            self.url,
            data=json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace"),
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": f"oomdb/{__version__}",
                "Idempotency-Key": message_id,
            },
            method="POST",
        )
        handlers: list[urllib.request.BaseHandler] = [
            _NoRedirect(),
            urllib.request.HTTPSHandler(context=trusting(self.ca_file)),
        ]
        if is_this_machine(urlsplit(self.url).hostname or ""):
            handlers.append(urllib.request.ProxyHandler({}))
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(request, timeout=self.timeout_s):
                return
        except urllib.error.HTTPError as error:
            with error:
                raise self._failure(error) from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                reason = error.reason.verify_message
                raise NotDeliveredError(f"certificate not trusted: {reason}") from None
            raise TryAgainError(_said(error.reason)) from None
        except (OSError, http.client.HTTPException) as error:
            raise TryAgainError(_said(error)) from None

    def _failure(self, error: urllib.error.HTTPError) -> TryAgainError | NotDeliveredError:
        hidden = secret_urls.parts(self.url)
        most_bytes = 4 * (_MOST_ANSWER + max(map(len, hidden), default=0))
        try:
            answer = error.read(most_bytes).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            answer = ""
        answer = secret_urls.without(hidden, answer, _MOST_ANSWER)
        told = f"HTTP status {error.code} {terminal.printable(' '.join(answer.split()))}".rstrip()
        if error.code in _PASSING:
            return TryAgainError(told, _retry_after_s(error.headers))
        if error.code in range(300, 400):
            return NotDeliveredError(f"{told}: sent on elsewhere; name the final URL")
        return NotDeliveredError(told)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nowhere: what is posted is for the host that was named."""

    def redirect_request(self, *_: object) -> None:
        return None


def webhook(url: str, form: str | None, ca_file: str | None, timeout_s: int) -> Webhook:
    """The webhook at `url`; the form is guessed when not given. UsageError for what is no URL."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("https", "http") or not host or any(c <= " " for c in url):
        raise UsageError("the webhook's URL is no https://HOST/PATH")
    if any(c > "~" for c in url):
        raise UsageError(
            "the webhook's URL has characters that no URL can have: give them as %XX, and a name"
            " of a host as xn--..."
        )
    if parts.username is not None:
        raise UsageError(f"the webhook's URL has a user name in it: {secret_urls.shown(url)}")
    if parts.scheme == "http" and not is_this_machine(host):
        shown = secret_urls.shown(url)
        raise UsageError(f"the webhook at {shown} would get its URL in clear; use https")
    return Webhook(url, form or _guessed(host), ca_file, timeout_s)


def _guessed(host: str) -> str:
    for known, form in _HOSTS.items():
        if host == known or host.endswith("." + known):
            return form
    return "generic"


def content(message: Message, form: str, message_id: str, most_findings: int) -> dict[str, Any]:
    """The message in the form, worst findings first, cut to so many."""
    most_findings = min(most_findings, _MOST_SECTIONS)
    lines = [
        (finding.severity, terminal.printable(finding.text), finding)
        for finding in message.findings[:most_findings]
    ]
    more = max(len(message.findings) - most_findings, 0)
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "slack": lambda: _slack(message, [(mark, text) for mark, text, _ in lines], more),
        "teams": lambda: _teams(message, [(mark, text) for mark, text, _ in lines], more),
    }
    if form in makers:
        return makers[form]()
    return {
        "id": message_id,
        "subject": terminal.printable(message.subject),
        "since": _zulu(message.since),
        "until": _zulu(message.until),
        "findings": [
            {"severity": mark, "text": text, "view": finding.view, "step": finding.step}
            for mark, text, finding in lines
        ],
        "left_out": more,
    }


def _slack(message: Message, lines: list[tuple[str, str]], more: int) -> dict[str, Any]:
    subject = terminal.printable(message.subject)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": subject[:_MOST_HEADER]}}
    ]
    told = [f"{_MARKS.get(mark, _NOTE)} {_slack_escaped(text)}" for mark, text in lines]
    told += [f"and {more:,} more"] if more else []
    blocks += [
        {"type": "section", "text": {"type": "mrkdwn", "text": line[:_MOST_SECTION]}}
        for line in told or ["Nothing to look at."]
    ]
    return {"text": "\n".join([_slack_escaped(subject), *told]), "blocks": blocks}


def _slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(message: Message, lines: list[tuple[str, str]], more: int) -> dict[str, Any]:
    told = [f"{_MARKS.get(mark, _NOTE)} {_plain(text)}" for mark, text in lines]
    told += [f"and {more:,} more"] if more else []
    body = [
        {
            "type": "TextBlock",
            "size": "Medium",
            "weight": "Bolder",
            "wrap": True,
            "text": _plain(terminal.printable(message.subject)),
        },
        *(
            {"type": "TextBlock", "wrap": True, "text": line}
            for line in told or ["Nothing to look at."]
        ),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is: names out of logs make no links."""
    return "".join("\\" + sign if sign in "\\`*_[]<>#~|" else sign for sign in text)


def _zulu(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds") + "Z"


def _retry_after_s(headers: Headers) -> float | None:
    """What Retry-After asks for, as seconds or as a date [s]; None when it asks nothing."""
    told = (headers.get("Retry-After") or "").strip()
    if told.isdecimal():
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, IndexError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def _said(reason: object) -> str:
    if isinstance(reason, socket.timeout):
        return "no answer in time"
    return terminal.printable(getattr(reason, "strerror", None) or str(reason))
