"""Files, folders, targets as users write them, and the journal of what was sent."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from oomdb.delivery.deliver import State, deliver
from oomdb.delivery.journal import Journal
from oomdb.delivery.targets import targets
from oomdb.errors import OomdbError, UsageError
from oomdb.settings.configuration import Configuration

from .servers import Hours, Posted, web_server

if TYPE_CHECKING:
    from pathlib import Path

    from oomdb.delivery.message import Message

NOTHING_SET = Configuration(None, {})


def test_a_folder_gets_a_file_for_each_period(
    message: Message, tmp_path: Path, journal: Journal, hours: Hours
) -> None:
    folder = tmp_path / "a" / "b"
    for until in (datetime(2026, 11, 27), datetime(2026, 11, 28, 7)):
        one = dataclasses.replace(message, until=until)
        (done,) = deliver(one, targets([f"{folder}/"], NOTHING_SET), journal, hours.patience())
        assert done.state is State.SENT
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "oomdb-2026-11-20--2026-11-27.html",
        "oomdb-2026-11-20T0000--2026-11-28T0700.html",
    ]
    assert (folder / names[0]).read_bytes() == message.document(".html")


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.html", ".html"), ("a.MD", ".md"), ("a.json", ".json"), ("a", ".txt")]
)
def test_a_file_is_written_anew_as_its_name_says(
    name: str, suffix: str, message: Message, tmp_path: Path, journal: Journal, hours: Hours
) -> None:
    out = tmp_path / name
    out.write_text("of the period before")
    for _ in range(2):
        list(deliver(message, targets([str(out)], NOTHING_SET), journal, hours.patience()))
        assert out.read_bytes() == message.document(suffix)


def test_a_file_that_cannot_be_written_is_told_and_others_get_theirs(
    message: Message, tmp_path: Path, journal: Journal, hours: Hours
) -> None:
    (tmp_path / "no").write_text("a file")
    to = [str(tmp_path / "no" / "x.html"), f"{tmp_path}/no/y/", str(tmp_path / "ok.html")]
    first, second, third = deliver(message, targets(to, NOTHING_SET), journal, hours.patience())
    assert (first.state, second.state, third.state) == (State.FAILED, State.FAILED, State.SENT)
    assert "Not a directory" in str(first)
    assert "Not a directory" in str(second)


def test_nothing_to_tell_is_not_sent_unless_asked(
    message: Message, tmp_path: Path, journal: Journal, hours: Hours
) -> None:
    quiet = dataclasses.replace(
        message, findings=[one for one in message.findings if one.severity == "note"]
    )
    out = tmp_path / "page.html"
    to = targets([str(out)], NOTHING_SET)
    (kept,) = deliver(quiet, to, journal, hours.patience())
    assert (kept.state, out.exists()) == (State.NOTHING_TO_TELL, False)
    (forced,) = deliver(quiet, to, journal, hours.patience(), always=True)
    assert (forced.state, out.exists()) == (State.SENT, True)


def test_a_dry_run_sends_and_notes_nothing(
    message: Message, tmp_path: Path, journal: Journal, hours: Hours
) -> None:
    posted = Posted()
    with web_server(posted) as url:
        to = targets([f"{url}/x", str(tmp_path / "page.html")], NOTHING_SET)
        dry = list(deliver(message, to, journal, hours.patience(), dry_run=True))
        assert [one.state for one in dry] == [State.WOULD_BE_SENT] * 2
        assert (posted.paths, list(tmp_path.iterdir())) == ([], [])
        list(deliver(message, to, journal, hours.patience()))
        again = list(deliver(message, to, journal, hours.patience(), dry_run=True))
    assert [one.state for one in again] == [State.SENT_BEFORE, State.WOULD_BE_SENT]


def test_where_nothing_can_be_noted_nothing_is_sent(
    message: Message, tmp_path: Path, hours: Hours
) -> None:
    (tmp_path / "no").write_text("a file")
    posted = Posted()
    with web_server(posted) as url:
        to = targets([f"{url}/x"], NOTHING_SET)
        (done,) = deliver(message, to, Journal(tmp_path / "no" / "d"), hours.patience())
    assert done.state is State.FAILED
    assert "cannot note deliveries" in str(done)
    assert posted.paths == []


def test_what_cannot_be_noted_keeps_no_other_from_its_message(
    message: Message, tmp_path: Path, journal: Journal, hours: Hours
) -> None:
    posted = Posted()
    with web_server(posted) as url:
        to = targets([f"{url}/x", f"{url}/y", str(tmp_path / "page.html")], NOTHING_SET)
        journal.folder.mkdir()
        (journal.folder / f"{message.id_for(to[0].key)}.json").symlink_to("/dev/full")
        first, second, third = deliver(message, to, journal, hours.patience())
    assert (first.state, second.state, third.state) == (State.FAILED, State.SENT, State.SENT)
    assert "it was sent, which cannot be noted in " in str(first)
    assert "No space left on device" in str(first)
    assert posted.paths == ["/x", "/y"]


def _hold(folder: Path, message_id: str, holds: object, free: object) -> None:
    with Journal(folder).sending(message_id):
        holds.set()  # type: ignore[attr-defined]
        free.wait(60)  # type: ignore[attr-defined]


def test_two_processes_do_not_send_the_same(
    message: Message, journal: Journal, hours: Hours
) -> None:
    context = multiprocessing.get_context("fork")
    holds, free = context.Event(), context.Event()
    posted = Posted()
    with web_server(posted) as url:
        (target,) = targets([f"{url}/x"], NOTHING_SET)
        arguments = (journal.folder, message.id_for(target.key), holds, free)
        other = context.Process(target=_hold, args=arguments)
        other.start()
        assert holds.wait(60)
        (kept,) = deliver(message, [target], journal, hours.patience())
        free.set()
        other.join()
        assert kept.state is State.IN_OTHER_HANDS
        assert posted.paths == []
        # The other died without a note: the message is not lost.
        (done,) = deliver(message, [target], journal, hours.patience())
    assert done.state is State.SENT


def test_what_was_not_sent_leaves_no_note(message: Message, journal: Journal, hours: Hours) -> None:
    posted = Posted(answers=[(404, {}, "no")])
    with web_server(posted) as url:
        to = targets([f"{url}/x"], NOTHING_SET)
        (failed,) = deliver(message, to, journal, hours.patience())
        assert failed.state is State.FAILED
        assert list(journal.folder.iterdir()) == []
        (done,) = deliver(message, to, journal, hours.patience())
    assert done.state is State.SENT
    assert len(list(journal.folder.iterdir())) == 1


def test_a_torn_note_is_none(journal: Journal) -> None:
    with journal.sending("a") as slip:
        assert slip is not None
        assert slip.sent_at is None
        slip.note(sent_at="2026-11-27T07:00:00+00:00", target="x")
    assert journal.sent_at("a") == "2026-11-27T07:00:00+00:00"
    path = journal.folder / "a.json"
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        assert journal.sent_at("a") is None


def test_old_notes_go(message: Message, tmp_path: Path, journal: Journal, hours: Hours) -> None:
    for name, days in (("old", 401), ("young", 399)):
        with journal.sending(name) as slip:
            assert slip is not None
            slip.note(sent_at="then")
        at = time.time() - days * 24 * 3600
        os.utime(journal.folder / f"{name}.json", (at, at))
    list(deliver(message, targets([f"{tmp_path}/"], NOTHING_SET), journal, hours.patience()))
    assert [path.name for path in journal.folder.iterdir()] == ["young.json"]


def test_a_url_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("https://hooks.slack.com/x\n")
    secret.chmod(0o600)
    (target,) = targets([f"webhook:{secret}"], NOTHING_SET)
    assert (target.key, target.shown) == (
        "https://hooks.slack.com/x",
        "https://hooks.slack.com/... (slack)",
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "url"
    secret.write_text("https://hooks.slack.com/x")
    secret.chmod(mode)
    with pytest.raises(UsageError, match="others can read the secret"):
        targets([f"webhook:{secret}"], NOTHING_SET)


def test_what_systemd_hands_a_service_is_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "url"
    secret.write_text("https://hooks.slack.com/x")
    secret.chmod(0o440)  # as systemd shows a file with an access list
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert targets([f"webhook:{secret}"], NOTHING_SET)


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"\xff"])
def test_a_secret_is_one_line(tmp_path: Path, content: bytes) -> None:
    secret = tmp_path / "url"
    secret.write_bytes(content)
    secret.chmod(0o600)
    with pytest.raises(UsageError):
        targets([f"webhook:{secret}"], NOTHING_SET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "webhook",
        "webhook:",
        "webhook: ",
        "webhook:/no/such/file",
        "s3://bucket/x",
        "mailto:",
        "mailto:a@b?cc=c",
        "-",
        "stdout",
    ],
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(OomdbError):
        targets([text], NOTHING_SET)


@pytest.mark.parametrize(
    ("text", "told"),
    [("Webhook", r"set webhook\.url_file"), ("WEBHOOK:", "names no file"), ("-", "leave --to out")],
)
def test_what_is_missing_is_told_whatever_the_letters(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        targets([text], NOTHING_SET)


def test_a_file_may_have_the_name_of_a_stream(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (target,) = targets(["./stdout"], NOTHING_SET)
    assert target.shown == str(tmp_path / "stdout")
