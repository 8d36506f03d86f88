"""The real command: a log, a report of the last day, and those who get it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oomdb import cli
from oomdb.ingest import ingest
from tests.test_cli import InProcess

from .servers import Mailbox, Posted, dripping_server, mail_server, web_server

SEED = Path(__file__).parent.parent.parent / "samples" / "rocketmq-8g.log"
CODE = str(Path(cli.__file__).parent.parent.parent)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of one kill, in the last day that is whole."""
    folder = tmp_path_factory.mktemp("fleet")
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    at = (midnight - timedelta(hours=6)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00")
    text = SEED.read_text()
    dated = re.sub(r"^\w{3} +\d+ [\d:]{8} ", f"{at} ", text, flags=re.MULTILINE)
    assert dated != text
    (folder / "kern.log").write_text(dated)
    ingest([folder / "kern.log"], folder / "oomdb.duckdb", jobs=1)
    return folder


def command(*arguments: str, config: Path) -> list[str]:
    return [sys.executable, "-m", "oomdb", "--config", str(config), *arguments]


def run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("report", "--last", "day", *arguments, config=config),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": CODE, "LANG": "C", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def settings(fleet: Path, folder: Path, text: str) -> Path:
    """A file of settings with a journal of its own."""
    path = folder / "oomdb.toml"
    delivery = f'[delivery]\njournal = "{folder}/sent"\npatience_s = 0\n'
    path.write_text(f'db = "{fleet}/oomdb.duckdb"\n{delivery}{text}')
    path.chmod(0o600)
    return path


def test_a_report_goes_to_each_once(fleet: Path, tmp_path: Path) -> None:
    mailbox, posted = Mailbox(), Posted()
    to = ("--to", f"{tmp_path}/out/", "--to", "mailto:ops@example.com", "--to", "webhook")
    with mail_server(mailbox) as port, web_server(posted) as url:
        config = settings(
            fleet,
            tmp_path,
            f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nfrom = "oomdb@mon.example"\n'
            f'[webhook]\nurl = "{url}/geheim"\n',
        )
        dry = run(config, *to, "--dry-run")
        assert (dry.returncode, mailbox.mails, posted.paths) == (0, [], [])
        assert dry.stdout.count("would be sent") == 3
        assert "warn: 1 host had free memory that lowmem_reserve kept" in dry.stdout
        first = run(config, *to, "--fail-on-findings")
        second = run(config, *to)
    assert first.returncode == 4, first.stderr
    assert second.returncode == 0
    assert first.stdout.splitlines() == [
        f"{tmp_path}/out/: sent",
        "mailto:ops@example.com: sent",
        "http://127.0.0.1/... (generic): sent",
    ]
    assert [line.split(" (20")[0] for line in second.stdout.splitlines()[1:]] == [
        "mailto:ops@example.com: sent before",
        "http://127.0.0.1/... (generic): sent before",
    ]
    (mail,) = mailbox.mails
    (page,) = mail.iter_attachments()
    (file,) = (tmp_path / "out").iterdir()
    assert page.get_payload(decode=True) == file.read_bytes()
    assert file.suffix == ".html"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "had free memory that lowmem_reserve kept" in " ".join(text.get_content().split())
    (body,) = posted.bodies
    assert body["subject"] == mail["Subject"].strip()  # a long one is folded
    assert body["subject"].startswith("oomdb: 1 OOM incident in ")
    assert body["findings"][0]["view"]
    everything = "".join(one.stdout + one.stderr for one in (dry, first, second))
    assert "geheim" not in everything


def test_a_message_whose_sender_died_comes_again_under_the_same_id(
    fleet: Path, tmp_path: Path
) -> None:
    posted = Posted()
    with web_server(posted) as url:
        config = settings(fleet, tmp_path, f'[webhook]\nurl = "{url}/x"\n')
        sender = subprocess.Popen(
            command("report", "--last", "day", "--to", "webhook", config=config),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": CODE},
        )
        posted.on_post = lambda: sender.send_signal(signal.SIGKILL)
        assert sender.wait(120) == -signal.SIGKILL
        posted.on_post = bool
        again = run(config, "--to", "webhook")
        third = run(config, "--to", "webhook")
    assert again.stdout == "http://127.0.0.1/... (generic): sent\n"
    assert "sent before" in third.stdout
    first_id, second_id = (headers["Idempotency-Key"] for headers in posted.headers)
    assert first_id == second_id
    assert json.dumps(posted.bodies[0]) == json.dumps(posted.bodies[1])


def test_one_that_fails_is_an_error_and_the_others_get_theirs(fleet: Path, tmp_path: Path) -> None:
    posted = Posted(answers=[(503, {}, "later")])
    with web_server(posted) as url:
        config = settings(fleet, tmp_path, f'[webhook]\nurl = "{url}/x"\n')
        done = run(config, "--to", "webhook", "--to", f"{tmp_path}/r.md", "--fail-on-findings")
    assert done.returncode == 1
    assert done.stderr == (
        "oomdb: http://127.0.0.1/... (generic): failed (HTTP status 503 later; given up after"
        " 1 try)\n"
    )
    assert (tmp_path / "r.md").read_text().startswith("#")


@pytest.mark.parametrize(
    ("target", "whole"),
    [
        ("mailto:a@example.com", b""),
        ("mailto:a@example.com", b"220 here\r\n250-here\r\n250-"),
        ("webhook", b""),
        ("webhook", b"HTTP/1.1 200 OK\r\nX: "),
        ("webhook", b"HTTP/1.1 503 no\r\n\r\n"),
    ],
)
def test_a_server_that_drips_keeps_no_other_from_its_report(
    target: str, whole: bytes, fleet: Path, tmp_path: Path
) -> None:
    with dripping_server(whole, b"2") as port:
        text = (
            f'timeout_s = 1\n[webhook]\nurl = "http://127.0.0.1:{port}/x"\n'
            f'[smtp]\nhost = "127.0.0.1"\nport = {port}\n'
        )
        config = settings(fleet, tmp_path, text)
        began_at = time.monotonic()
        done = run(config, "--to", target, "--to", f"{tmp_path}/r.md")
    assert time.monotonic() - began_at < 20
    assert done.returncode == 1
    assert "given up after 1 try" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "r.md").read_text().startswith("#")
    assert list((tmp_path / "sent").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--to", "x", "--out", "y"), "--to sends the report, and --out writes it"),
        (("--always",), "--always is for reports that are sent"),
        (("--dry-run",), "--dry-run is for reports that are sent"),
        (("--since", "7d"), "--last is a whole period"),
        (("--to", "webhook"), "set webhook.url_file"),
        (("--to", "x", "--day-starts", "noon"), "not a time of day"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...],
    told: str,
    fleet: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    config = settings(fleet, tmp_path, "")
    oomdb = InProcess(fleet / "oomdb.duckdb", capfd)
    assert oomdb("--config", str(config), "report", "--last", "day", *arguments, code=2) == ""
    assert told in oomdb.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["oomdb.toml"]
