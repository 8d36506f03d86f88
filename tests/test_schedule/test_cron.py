"""Lines in a crontab: what the shell makes of them, and that all others stay."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.errors import OomdbError, UsageError
from oomdb.schedule import cron

from .programs import need
from .test_systemd import planned

#: A user who has no crontab of his own and can do no harm.
NOBODY = "nobody"
OTHERS = "MAILTO=ops@example.com\n# m h dom mon dow command\n5 4 * * * /usr/bin/true 50\\%\n"
FIRST = "# oomdb-daily: begin, written by `oomdb schedule`\none\n# oomdb-daily: end\n"
SECOND = FIRST.replace("one", "two")
WEEKLY = FIRST.replace("daily", "weekly")


def test_an_entry_is_added_replaced_and_taken_out() -> None:
    once = cron.replaced(OTHERS, "oomdb-daily", FIRST)
    assert once == OTHERS + FIRST
    assert cron.replaced(once, "oomdb-daily", FIRST) == once
    both = cron.replaced(once, "oomdb-weekly", WEEKLY)
    assert both == OTHERS + FIRST + WEEKLY
    assert cron.replaced(both, "oomdb-daily", SECOND) == OTHERS + SECOND + WEEKLY
    assert cron.replaced(both, "oomdb-daily", "") == OTHERS + WEEKLY
    assert cron.replaced("", "oomdb-daily", "") == ""


@given(st.text(st.sampled_from("a #\n"), max_size=20), st.text(st.sampled_from("b %\n")))
def test_other_lines_stay(before: str, after: str) -> None:
    before = before + "\n" if before and not before.endswith("\n") else before
    put = cron.replaced(before, "oomdb-daily", FIRST) + after
    changed = cron.replaced(put, "oomdb-daily", SECOND)
    ending = after + "\n" if after and not after.endswith("\n") else after
    assert changed == before + SECOND + ending
    assert cron.replaced(changed, "oomdb-daily", "") == before + ending


@pytest.mark.parametrize(
    "crontab",
    [FIRST.replace("end", "fin"), FIRST + FIRST, "\n".join(reversed(FIRST.splitlines())) + "\n"],
)
def test_marks_that_were_broken_are_told(crontab: str) -> None:
    with pytest.raises(OomdbError, match="marks of oomdb-daily"):
        cron.replaced(crontab, "oomdb-daily", SECOND)


def test_the_line(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        every="weekly",
        logs=["/var/log/a b%'"],
        to=["/srv/reports/"],
        db=tmp_path / "x.duckdb",
        at="6:05",
        for_the_system=False,
    )
    begin, line, end = cron.entry(made).splitlines()
    assert begin == "# oomdb-weekly: begin, written by `oomdb schedule`"
    assert end == "# oomdb-weekly: end"
    assert line.startswith(f"5 6 * * 1 {{ OOMDB_CONFIG={tmp_path}/oomdb.toml ")
    assert "/var/log/a b\\%" in line
    assert line.endswith(" --last week --day-starts 06:05 --to /srv/reports/")


@pytest.mark.parametrize(("code", "reported"), [(0, True), (3, True), (1, False)])
def test_the_report_comes_also_when_some_logs_were_set_aside(
    code: int, reported: bool, tmp_path: Path
) -> None:
    made = planned(tmp_path, logs=["/var/log/50% $HOME"], for_the_system=False)
    program = tmp_path / "a program"
    program.write_text(
        f'#!/bin/sh\nprintf "%s|" "$@" >> {tmp_path}/called\necho noise\n'
        f"case $1 in ingest) exit {code};; esac\n"
    )
    program.chmod(0o700)
    line = cron.entry(
        type(made)(
            **{**{name: getattr(made, name) for name in made.__slots__}, "program": (str(program),)}
        )
    ).splitlines()[1]
    command = line.split(" ", 5)[5].replace("\\%", "%")  # as cron hands it to the shell
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    called = (tmp_path / "called").read_text()
    assert called.startswith("ingest|--db|")
    assert "|/var/log/50% $HOME|" in called
    assert ("report|--db|" in called) == reported
    assert (done.returncode, done.stdout) == ((0, "noise\n") if reported else (1, ""))


def test_a_line_that_is_too_long_is_told(tmp_path: Path) -> None:
    made = planned(tmp_path, logs=[f"/var/log/{'x' * 900}"], for_the_system=False)
    with pytest.raises(UsageError, match="too long for cron"):
        cron.entry(made)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may write another user's crontab")
def test_a_real_crontab(tmp_path: Path) -> None:
    need("crontab")
    program = ("crontab", "-u", NOBODY)
    if subprocess.run([*program, "-l"], capture_output=True, check=False).returncode == 0:
        pytest.skip(f"{NOBODY} has a crontab here")
    crontab = cron.Crontab(program)

    def listed() -> str:
        return subprocess.run([*program, "-l"], capture_output=True, text=True, check=True).stdout

    try:
        entry = cron.entry(planned(tmp_path, for_the_system=False))
        assert crontab.put("oomdb-daily", "") is False
        assert crontab.put("oomdb-daily", entry) is True
        assert listed() == entry
        subprocess.run([*program, "-"], input=OTHERS + entry, text=True, check=True)
        assert crontab.put("oomdb-daily", entry) is False
        assert crontab.put("oomdb-weekly", WEEKLY.replace("one", "1 2 * * * true")) is True
        assert crontab.put("oomdb-daily", "") is True
        assert listed().startswith(OTHERS)
        assert "oomdb-daily" not in listed()
        with pytest.raises(OomdbError, match="cannot write the crontab"):
            crontab.put("oomdb-daily", "not a line\n")
    finally:
        subprocess.run([*program, "-r"], check=False)


def test_without_cron_it_is_told() -> None:
    with pytest.raises(OomdbError, match="no program no-such-crontab here: install cron"):
        cron.Crontab(("no-such-crontab",)).put("oomdb-daily", FIRST)


# The command


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = str(Path(cron.__file__).parent.parent.parent)
    return subprocess.run(
        [sys.executable, "-m", "oomdb", "schedule", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": code, "LANG": "C"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_is_printed_is_what_would_be_put_in_place(tmp_path: Path) -> None:
    to = ("--to", "/var/lib/oomdb/reports/", "--logs", "/var/log/none-here")
    printed = run(tmp_path, "daily", *to)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("# /etc/systemd/system/oomdb-daily.service\n# Written by")
    assert "\n\n# /etc/systemd/system/oomdb-daily.timer\n" in printed.stdout
    if shutil.which("systemctl") is not None:
        placed = run(tmp_path, "daily", *to, "--install", "--root", str(tmp_path))
        assert placed.returncode == 0, placed.stderr
        folder = tmp_path / "etc/systemd/system"
        assert placed.stdout.splitlines() == [
            f"written {folder}/oomdb-daily.service",
            f"written {folder}/oomdb-daily.timer",
        ]
        assert (folder / "oomdb-daily.service").read_text() in printed.stdout
        gone = run(tmp_path, "daily", "--remove", "--root", str(tmp_path))
        assert len(gone.stdout.splitlines()) == 2
        assert run(tmp_path, "daily", "--remove", "--root", str(tmp_path)).stdout == (
            "nothing to remove\n"
        )
    line = run(tmp_path, "weekly", *to, "--cron")
    assert line.stdout.startswith("# oomdb-weekly: begin")


@pytest.mark.parametrize(
    "arguments",
    [
        ("hourly",),
        ("daily",),
        ("daily", "--install", "--remove"),
        ("daily", "--root", "/x"),
        ("daily", "--cron", "--user"),
        ("daily", "--remove", "--root", "/no/such/folder"),
        ("daily", "--to", "mailto:a@b.example", "--logs", "/var/log", "--at", "noon"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_root_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    root = tmp_path / "no"
    arguments = ("--to", "mailto:a@b.example", "--logs", "/var/log", "--install")
    done = run(tmp_path, "daily", *arguments, "--root", str(root))
    assert done.returncode == 2
    assert f"--root {root} is no folder" in " ".join(done.stderr.split())
    assert not root.exists()
