"""Webhooks: what is posted, and how a server's answers are taken."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from oomdb.delivery.deliver import Outcome, State, deliver
from oomdb.delivery.message import Finding
from oomdb.delivery.targets import targets
from oomdb.delivery.webhook import content, webhook
from oomdb.errors import UsageError

from .servers import Authority, Hours, Posted, web_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from oomdb.delivery.journal import Journal
    from oomdb.delivery.message import Message
    from oomdb.settings.configuration import Configuration

    Settings = Callable[[str], Configuration]

SECRET = "/services/T0/B0/geheim"


def sent(
    message: Message, text: str, settings: Settings, journal: Journal, hours: Hours
) -> Outcome:
    (outcome,) = deliver(message, targets(["webhook"], settings(text)), journal, hours.patience())
    return outcome


def test_the_summary_is_posted_once(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    posted = Posted()
    with web_server(posted) as url:
        text = f'[webhook]\nurl = "{url}{SECRET}"\n'
        first = sent(message, text, settings, journal, hours)
        second = sent(message, text, settings, journal, hours)
    assert (first.state, second.state) == (State.SENT, State.SENT_BEFORE)
    assert posted.paths == [SECRET]
    (body,) = posted.bodies
    assert body == {
        "id": message.id_for(url + SECRET),
        "subject": message.subject,
        "since": "2026-11-20T00:00:00Z",
        "until": "2026-11-27T00:00:00Z",
        "findings": [
            {
                "severity": "bad",
                "text": "java was killed 12 times on <web1> & web2",
                "view": "recurrent_victims",
                "step": None,
            },
            {
                "severity": "warn",
                "text": "db_1 is *new*",
                "view": "repeat_offenders",
                "step": "raise its limit",
            },
            {
                "severity": "note",
                "text": "2 lines were not understood",
                "view": "unparsed_lines",
                "step": None,
            },
        ],
        "left_out": 0,
    }
    assert posted.headers[0]["Idempotency-Key"] == body["id"]
    assert posted.headers[0]["Content-Type"] == "application/json; charset=utf-8"


def test_the_url_is_shown_and_noted_nowhere(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    posted = Posted(answers=[(404, {}, f"no hook at {SECRET}")])
    with web_server(posted) as url:
        text = f'[webhook]\nurl = "{url}{SECRET}"\n'
        failed = sent(message, text, settings, journal, hours)
        sent(message, text, settings, journal, hours)
    assert str(failed) == (
        "http://127.0.0.1/... (generic): failed (HTTP status 404 no hook at ...)"
    )
    (note,) = journal.folder.iterdir()
    assert "geheim" not in note.name + note.read_text()
    assert note.stat().st_mode & 0o777 == 0o600


QUERY = "/workflows/0f1e/triggers?api-version=2016-06-01&sp=%2Fgeheim%2Frun&sig=geheim-Zk3_q"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (f"no hook at {QUERY}", "no hook at ..."),
        ("geheim-Zk3_q is no sig, nor is %2Fgeheim%2Frun", "... is no sig, nor is ..."),
        ("/geheim/run has no 0f1e", "... has no ..."),
        ("x" * 195 + "geheim-Zk3_q", "x" * 195 + "..."),
        ("geheim-Zk3_q" * 20 + "x" * 195 + "geheim-Zk3_q", "..." * 17),
    ],
)
def test_no_part_of_the_url_is_told(
    answer: str,
    told: str,
    message: Message,
    settings: Settings,
    journal: Journal,
    hours: Hours,
) -> None:
    posted = Posted(answers=[(404, {}, answer)])
    with web_server(posted) as url:
        failed = sent(message, f'[webhook]\nurl = "{url}{QUERY}"\n', settings, journal, hours)
    assert posted.paths == [QUERY]
    assert failed.detail == f"HTTP status 404 {told}"


def test_slack_gets_the_findings_first_and_no_markup_of_names(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    posted = Posted()
    with web_server(posted) as url:
        sent(
            message,
            f'[webhook]\nurl = "{url}/x"\nformat = "slack"\n[delivery]\nmost_findings = 2\n',
            settings,
            journal,
            hours,
        )
    (body,) = posted.bodies
    texts = [block["text"]["text"] for block in body["blocks"]]
    assert texts == [
        message.subject,
        "\N{LARGE RED CIRCLE} java was killed 12 times on &lt;web1&gt; &amp; web2",
        "\N{LARGE YELLOW CIRCLE} db_1 is *new*",
        "and 1 more",
    ]
    assert body["text"].splitlines() == texts


def test_slack_takes_the_longest_message(message: Message) -> None:
    many = dataclasses.replace(message, findings=[Finding("bad", "x" * 5000, "v")] * 99)
    body = content(many, "slack", "id", 90)
    assert len(body["blocks"]) <= 50
    assert max(len(block["text"]["text"]) for block in body["blocks"]) <= 3000
    assert body["blocks"][-1]["text"]["text"] == "and 54 more"


def test_teams_gets_an_adaptive_card(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    posted = Posted()
    with web_server(posted) as url:
        sent(
            message,
            f'[webhook]\nurl = "{url}/x"\nformat = "teams"\n',
            settings,
            journal,
            hours,
        )
    (body,) = posted.bodies
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [block["text"] for block in card["body"]] == [
        message.subject,
        "\N{LARGE RED CIRCLE} java was killed 12 times on \\<web1\\> & web2",
        "\N{LARGE YELLOW CIRCLE} db\\_1 is \\*new\\*",
        "\N{MEDIUM WHITE CIRCLE} 2 lines were not understood",
    ]


@pytest.mark.parametrize(
    ("host", "form"),
    [
        ("hooks.slack.com", "slack"),
        ("acme.webhook.office.com", "teams"),
        ("prod-1.westeurope.logic.azure.com:443", "teams"),
        ("hooks.slack.com.evil.example", "generic"),
        ("chat.example", "generic"),
    ],
)
def test_the_form_is_guessed_from_the_host(host: str, form: str) -> None:
    assert webhook(f"https://{host}/x", None, None, 30).form == form


def test_an_unwilling_server_is_asked_again_when_it_wants(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    posted = Posted(
        answers=[(429, {"Retry-After": "30"}, ""), (500, {}, ""), (503, {"Retry-After": "1"}, "")]
    )
    with web_server(posted) as url:
        outcome = sent(message, f'[webhook]\nurl = "{url}/x"\n', settings, journal, hours)
    assert (outcome.state, outcome.detail) == (State.SENT, "at try 4")
    assert hours.waits == [30, 4, 8]
    assert posted.bodies[0] == posted.bodies[3]
    assert len({headers["Idempotency-Key"] for headers in posted.headers}) == 1


def test_retry_after_may_be_a_date(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    posted = Posted(answers=[(429, {"Retry-After": in_a_minute}, "")])
    with web_server(posted) as url:
        sent(message, f'[webhook]\nurl = "{url}/x"\n', settings, journal, hours)
    assert 50 < hours.waits[0] <= 60


def test_no_server_is_waited_for_longer_than_patience(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    posted = Posted(answers=[(429, {"Retry-After": "86400"}, "slow down")])
    with web_server(posted) as url:
        outcome = sent(message, f'[webhook]\nurl = "{url}/x"\n', settings, journal, hours)
    assert outcome.detail == "HTTP status 429 slow down; given up after 1 try"
    assert hours.waits == []


def test_what_stays_on_this_machine_goes_through_no_proxy(
    message: Message,
    settings: Settings,
    journal: Journal,
    hours: Hours,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posted, proxy = Posted(), Posted()
    with web_server(posted) as url, web_server(proxy) as other:
        monkeypatch.setenv("http_proxy", other)
        monkeypatch.delenv("no_proxy", raising=False)
        outcome = sent(message, f'[webhook]\nurl = "{url}/x"\n', settings, journal, hours)
    assert (outcome.state, posted.paths, proxy.paths) == (State.SENT, ["/x"], [])


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_message_follows_nobody(
    code: int, message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    thief = Posted()
    with web_server(thief) as other:
        posted = Posted(answers=[(code, {"Location": f"{other}/taken"}, "")])
        with web_server(posted) as url:
            outcome = sent(message, f'[webhook]\nurl = "{url}/x"\n', settings, journal, hours)
    assert outcome.state is State.FAILED
    assert "name the final URL" in (outcome.detail or "")
    assert thief.paths == []


def test_https_is_checked(
    message: Message, settings: Settings, journal: Journal, hours: Hours, authority: Authority
) -> None:
    posted = Posted()
    with web_server(posted, authority.context) as url:
        text = f'[webhook]\nurl = "{url}/x"\n'
        stranger = sent(message, text, settings, journal, hours)
        known = sent(message, f'{text}ca_file = "{authority.ca_file}"\n', settings, journal, hours)
    assert stranger.state is State.FAILED
    assert "certificate not trusted" in (stranger.detail or "")
    assert known.state is State.SENT
    assert len(posted.paths) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "ftp://x/y",
        "https://x/a b",
        "https://x:y/",
        "hooks.slack.com/x",
        "http://chat.example/x",
        "https://user:pass@chat.example/geheim",
        "https://chat.example/k\u00e4se-geheim",
        "https://ch\u00e4t.example/geheim",
        "https://chat.example/geheim\x7f",
    ],
)
def test_what_is_no_webhook(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        webhook(url, None, None, 30)
    assert "geheim" not in str(refused.value)
    assert "pass" not in str(refused.value)
