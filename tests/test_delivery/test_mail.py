"""Mail to a real server, with and without TLS and login, and through its bad moments."""

from __future__ import annotations

import dataclasses
import ssl
from typing import TYPE_CHECKING

import pytest

from oomdb.delivery.deliver import Outcome, State, deliver
from oomdb.delivery.mail import Server, address
from oomdb.delivery.targets import targets
from oomdb.errors import UsageError

from .servers import Authority, Hours, Mailbox, mail_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from oomdb.delivery.journal import Journal
    from oomdb.delivery.message import Message
    from oomdb.settings.configuration import Configuration

    Settings = Callable[[str], Configuration]

# The server means TLS from the start when it says that there is none.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

TO = ("mailto:ops@example.com",)
PLAIN = '[smtp]\nhost = "127.0.0.1"\nport = {port}\nfrom = "oomdb@mon.example"\n'
LOGIN = PLAIN + 'user = "oomdb"\npassword = "sesame"\nca_file = "{ca}"\nsecurity = "{security}"\n'


def sent(
    message: Message,
    configuration: Configuration,
    journal: Journal,
    hours: Hours,
    to: tuple[str, ...] = TO,
    patience_s: float = 300,
) -> list[Outcome]:
    return list(deliver(message, targets(to, configuration), journal, hours.patience(patience_s)))


def test_a_mail_has_text_html_and_the_page(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        (outcome,) = sent(message, settings(PLAIN.format(port=port)), journal, hours)
    assert outcome == Outcome("mailto:ops@example.com", State.SENT)
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["ops@example.com"]
    assert (mail["From"], mail["To"]) == ("oomdb@mon.example", "ops@example.com")
    assert mail["Subject"] == message.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/html",
    ]
    (page,) = mail.iter_attachments()
    assert page.get_payload(decode=True) == "The whole report as .html: käse\n".encode()
    assert page.get_filename() == "oomdb-2026-11-20--2026-11-27.html"
    text = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == ["The whole report as .txt: käse"]
    assert "on &lt;web1&gt; &amp; web2</li>" in html.get_content()


def test_the_same_message_has_the_same_id_and_others_have_others(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox()
    longer = dataclasses.replace(message, since=message.since.replace(day=19))
    next_day = dataclasses.replace(message, until=message.until.replace(day=28))
    elsewhere = dataclasses.replace(message, about=("fleet report", "/srv/other.duckdb"))
    with mail_server(mailbox) as port:
        configuration = settings(PLAIN.format(port=port))
        to = ("mailto:ops@example.com,dev@example.com",)
        sent(message, configuration, journal, hours, to)
        for note in journal.folder.iterdir():
            note.write_bytes(b"")  # as after a crash between sending and noting
        sent(message, configuration, journal, hours)
        for other in (longer, next_day, elsewhere):
            sent(other, configuration, journal, hours)
    ids = [mail["Message-ID"] for mail in mailbox.mails]
    assert ids[0] == ids[2]
    assert len(set(ids)) == 5
    assert all(one.startswith("<oomdb.") and one.endswith("@mon.example>") for one in ids)
    assert [mail["To"] for mail in mailbox.mails[:2]] == ["ops@example.com", "dev@example.com"]


def test_nothing_goes_twice(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        configuration = settings(PLAIN.format(port=port))
        sent(message, configuration, journal, hours)
        (again,) = sent(message, configuration, journal, hours, (*TO, "mailto:OPS@example.com"))
    assert again.state is State.SENT_BEFORE
    assert again.detail is not None
    assert again.detail.startswith("20")
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_login_goes_over_tls(
    security: str,
    message: Message,
    settings: Settings,
    journal: Journal,
    hours: Hours,
    authority: Authority,
) -> None:
    mailbox = Mailbox()
    is_tls = security == "tls"
    with mail_server(
        mailbox, authority.context, is_tls_from_the_start=is_tls, password="sesame"
    ) as port:
        text = LOGIN.format(port=port, ca=authority.ca_file, security=security)
        (outcome,) = sent(message, settings(text), journal, hours)
    assert outcome.state is State.SENT, outcome
    assert mailbox.logins == ["oomdb"]
    assert is_tls or mailbox.were_private == [True]


def test_a_wrong_password_is_told_and_not_tried_again(
    message: Message, settings: Settings, journal: Journal, hours: Hours, authority: Authority
) -> None:
    with mail_server(Mailbox(), authority.context, password="other") as port:
        text = LOGIN.format(port=port, ca=authority.ca_file, security="starttls")
        (outcome,) = sent(message, settings(text), journal, hours)
    assert outcome.state is State.FAILED
    assert outcome.detail is not None
    assert outcome.detail.startswith("127.0.0.1 refuses the login of oomdb: 535")
    assert "sesame" not in outcome.detail
    assert hours.waits == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["authority", "name"])
def test_a_certificate_that_does_not_fit_gets_no_password(
    security: str,
    fault: str,
    message: Message,
    settings: Settings,
    journal: Journal,
    hours: Hours,
    authority: Authority,
) -> None:
    mailbox = Mailbox()
    context = authority.for_another_host if fault == "name" else authority.context
    text = LOGIN if fault == "name" else LOGIN.replace('ca_file = "{ca}"\n', "")
    with mail_server(
        mailbox, context, is_tls_from_the_start=security == "tls", password="sesame"
    ) as port:
        settled = text.format(port=port, ca=authority.ca_file, security=security)
        (outcome,) = sent(message, settings(settled), journal, hours)
    assert outcome.state is State.FAILED
    assert "certificate not trusted" in (outcome.detail or "")
    assert hours.waits == []
    assert not mailbox.logins
    assert not mailbox.mails


def test_a_server_without_starttls_gets_nothing(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        text = PLAIN.format(port=port) + 'security = "starttls"\n'
        (outcome,) = sent(message, settings(text), journal, hours)
    assert outcome.state is State.FAILED
    assert "STARTTLS" in (outcome.detail or "")
    assert mailbox.mails == []


def test_what_fails_for_now_is_tried_again_later_and_later(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox(answers=["451 try later", "421 too busy", "451 still"])
    with mail_server(mailbox) as port:
        (outcome,) = sent(message, settings(PLAIN.format(port=port)), journal, hours)
    assert (outcome.state, outcome.detail) == (State.SENT, "at try 4")
    assert hours.waits == [2, 4, 8]
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("farewell", ["421 going down", "500 what?"])
def test_a_mail_that_was_taken_is_not_sent_again_whatever_the_farewell(
    farewell: str, message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox(farewell=farewell)
    with mail_server(mailbox) as port:
        (outcome,) = sent(message, settings(PLAIN.format(port=port)), journal, hours)
    assert outcome == Outcome("mailto:ops@example.com", State.SENT)
    assert len(mailbox.mails) == 1


def test_a_refusal_is_told_whatever_the_farewell(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox(answers=["554 no"], farewell="421 going down")
    with mail_server(mailbox) as port:
        (outcome,) = sent(message, settings(PLAIN.format(port=port)), journal, hours)
    assert (outcome.state, outcome.detail) == (State.FAILED, "127.0.0.1: 554 no")
    assert hours.waits == []


def test_patience_ends(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox(answers=["451 try later"] * 99)
    with mail_server(mailbox) as port:
        configuration = settings(PLAIN.format(port=port))
        (outcome,) = sent(message, configuration, journal, hours, patience_s=60)
        assert outcome.state is State.FAILED
        assert outcome.detail == "127.0.0.1: 451 try later; given up after 5 tries"
        assert sum(hours.waits) <= 60
        mailbox.answers.clear()
        (later,) = sent(message, configuration, journal, hours)
    assert later.state is State.SENT


def test_what_fails_for_good_is_not_tried_again_and_others_get_theirs(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox(refused_recipients={"gone@example.com": "550 no such user"})
    with mail_server(mailbox) as port:
        configuration = settings(PLAIN.format(port=port))
        to = ("mailto:gone@example.com", "mailto:ops@example.com")
        gone, ops = sent(message, configuration, journal, hours, to)
    assert (gone.state, ops.state) == (State.FAILED, State.SENT)
    assert gone.detail == "127.0.0.1 refuses the recipient: 550 no such user"
    assert hours.waits == []


def test_a_server_that_is_down_is_waited_for(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    with mail_server(Mailbox()) as port:
        pass
    (outcome,) = sent(message, settings(PLAIN.format(port=port)), journal, hours, patience_s=10)
    assert outcome.detail == f"127.0.0.1:{port}: Connection refused; given up after 3 tries"


def test_names_out_of_logs_make_no_header(
    message: Message, settings: Settings, journal: Journal, hours: Hours
) -> None:
    mailbox = Mailbox()
    evil = dataclasses.replace(message, subject="3 kills\r\nBcc: all@example.com")
    with mail_server(mailbox) as port:
        sent(evil, settings(PLAIN.format(port=port)), journal, hours)
    assert mailbox.recipients == ["ops@example.com"]
    assert mailbox.mails[0]["Bcc"] is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[smtp]\nuser = "x"\n', "neither smtp.password nor"),
        (
            '[smtp]\nhost = "mx.example"\nsecurity = "none"\nuser = "x"\npassword = "y"\n',
            "in clear",
        ),
        ('[smtp]\nfrom = "nobody"\n', "not a mail address: 'nobody'"),
    ],
)
def test_settings_that_contradict_are_told(text: str, told: str, settings: Settings) -> None:
    with pytest.raises(UsageError, match=told):
        targets(TO, settings(text))


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ('host = "mx.example"\n', ("starttls", 587)),
        ('host = "192.0.2.1"\n', ("starttls", 587)),
        ('host = "mx.example"\nsecurity = "tls"\n', ("tls", 465)),
        ('host = "mx.example"\nsecurity = "none"\n', ("none", 25)),
        ('host = "mx.example"\nport = 2525\n', ("starttls", 2525)),
        ('host = "localhost"\n', ("none", 25)),
        ('host = "127.0.0.1"\n', ("none", 25)),
        ("", ("none", 25)),
    ],
)
def test_mail_leaves_the_machine_over_tls_unless_told_otherwise(
    text: str, way: tuple[str, int], settings: Settings
) -> None:
    server = Server.of(settings(f"[smtp]\n{text}"))
    assert (server.security, server.port) == way


@pytest.mark.parametrize(
    "text", ["", "ops", "ops@", "@example.com", "a@b@c", "ops @x", "käse@example.com", "a@b\nc"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="not a mail address"):
        address(text)


def test_an_address_may_have_a_name() -> None:
    assert str(address("OOM watch <oomdb@mon.example>")) == "OOM watch <oomdb@mon.example>"


def test_certificates_are_checked_by_default() -> None:
    from oomdb.delivery.tls import trusting

    context = trusting(None)
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
