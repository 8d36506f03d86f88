"""Units, as systemd itself judges them, and in place below a root folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oomdb.errors import OomdbError, UsageError
from oomdb.schedule import install, systemd
from oomdb.schedule.machine import Machine
from oomdb.schedule.plan import Plan, plan
from oomdb.settings.configuration import Configuration

from .programs import need

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What `systemd-analyze security` may say at most, in tenths: 0 is best, 100 worst.
MOST_EXPOSURE = 20


def planned(
    folder: Path, text: str = "", environment: Mapping[str, str] | None = None, **asked: Any
) -> Plan:
    """A plan with a mail and a folder as targets, unless something else is asked."""
    path = folder / "oomdb.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    options: dict[str, Any] = {
        "to": ["mailto:ops@example.com"],
        "logs": ["/var/log"],
        "db": None,
        "at": "07:00",
        "memory_max": "2G",
        "always": False,
        "for_the_system": True,
    }
    every = asked.pop("every", "daily")
    return plan(Configuration(path, environment or {}), every, **{**options, **asked})


def secret_in(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def written(folder: Path, made: systemd.Units) -> list[str]:
    folder.mkdir(exist_ok=True)
    for name, text in made.files.items():
        (folder / name).write_text(text)
    return [str(folder / name) for name in made.files]


def judged(*arguments: str) -> str:
    """What systemd-analyze says of a unit that it takes."""
    need("systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def settings(made: systemd.Units, key: str) -> list[str]:
    """The values of a key of the service, in their order."""
    service = next(text for name, text in made.files.items() if name.endswith(".service"))
    lines = (line.partition("=") for line in service.splitlines())
    return [value for name, _, value in lines if name == key]


CASES: dict[str, dict[str, Any]] = {
    "mail": {},
    "folder": {"to": ["/var/lib/oomdb/reports/"]},
    "weekly": {"every": "weekly", "to": ["/var/lib/oomdb/latest.html"], "always": True},
    "strange names": {"logs": ['/var/log/a b%h$HOME"\\', "/var/log/;x'"]},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("for_the_system", [True, False])
def test_systemd_takes_the_units(case: str, for_the_system: bool, tmp_path: Path) -> None:
    made = systemd.units(
        planned(tmp_path, for_the_system=for_the_system, **CASES[case]),
        for_the_system=for_the_system,
    )
    files = written(tmp_path / "units", made)
    assert judged("verify", "--man=no", *files) == ""


@pytest.mark.parametrize("case", ["mail", "folder"])
def test_the_service_is_little_exposed(case: str, tmp_path: Path) -> None:
    made = systemd.units(planned(tmp_path, **CASES[case]), for_the_system=True)
    service, _ = written(tmp_path / "units", made)
    judged("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSURE}", service)


def test_a_database_of_its_own_is_kept_for_a_user_of_its_own(tmp_path: Path) -> None:
    made = systemd.units(planned(tmp_path), for_the_system=True)
    assert settings(made, "DynamicUser") == ["yes"]
    assert settings(made, "StateDirectory") == ["oomdb"]
    assert settings(made, "User") == settings(made, "ReadWritePaths") == []
    assert all("--db /var/lib/oomdb/oomdb.duckdb" in one for one in settings(made, "ExecStart"))


def test_mail_has_a_network_whatever_its_letters(tmp_path: Path) -> None:
    made = systemd.units(planned(tmp_path, to=["MailTo:ops@example.com"]), for_the_system=True)
    assert settings(made, "PrivateNetwork") == []


def test_a_database_elsewhere_is_written_in_its_owners_name(tmp_path: Path) -> None:
    folder = tmp_path / "database"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    made = systemd.units(
        planned(tmp_path, db=folder / "x.duckdb", to=[f"{tmp_path}/out/"]), for_the_system=True
    )
    assert settings(made, "DynamicUser") == []
    assert settings(made, "User") == [folder.owner()]
    assert settings(made, "ReadWritePaths") == [str(folder), f"-{tmp_path}/out"]
    assert any(note.startswith(f"no folder {tmp_path}/out: make it") for note in made.notes)
    assert settings(made, "PrivateNetwork") == ["yes"]
    assert settings(made, "RestrictAddressFamilies") == ["AF_UNIX"]


def test_a_database_needs_its_folder(tmp_path: Path) -> None:
    made = planned(tmp_path, db=tmp_path / "no" / "x.duckdb")
    with pytest.raises(OomdbError, match="make it for the service's user"):
        systemd.units(made, for_the_system=True)


def test_an_image_is_asked_for_its_own_folders_and_users(tmp_path: Path) -> None:
    root = tmp_path / "root"
    asked = planned(tmp_path, to=["/srv/x/"], logs=["/var/log"])
    with pytest.raises(OomdbError, match=r"/srv/x is not below /var/lib/oomdb") as refused:
        systemd.units(asked, for_the_system=True, root=root)
    assert f"no folder {root}/var/lib/oomdb for the database" in str(refused.value)
    for name in ("var/lib/oomdb", "var/log", "etc", "srv"):
        (root / name).mkdir(parents=True)
    with pytest.raises(OomdbError, match="nobody has the number"):
        systemd.units(asked, for_the_system=True, root=root)
    number = os.geteuid()
    (root / "etc/passwd").write_text(f"oomer:x:{number}:4711::/:/bin/sh\n")
    made = systemd.units(asked, for_the_system=True, root=root)
    assert settings(made, "User") == ["oomer"]
    assert settings(made, "ReadWritePaths") == ["/var/lib/oomdb", "-/srv/x"]
    assert f"no folder {root}/srv/x: make it for oomer, who writes there" in made.notes
    assert any("the service runs as oomer, who owns /var/lib/oomdb" in one for one in made.notes)
    (root / "srv/x").mkdir(mode=0o755)
    made = systemd.units(asked, for_the_system=True, root=root)
    assert not any("srv/x:" in note or "may not write" in note for note in made.notes)
    (root / "srv/x").chmod(0o555)
    made = systemd.units(asked, for_the_system=True, root=root)
    assert f"oomer, as whom the service runs, may not write in {root}/srv/x" in made.notes


@pytest.mark.parametrize(
    ("mode", "groups", "may"),
    [(0o757, {4711}, True), (0o777, set(), True), (0o755, set(), False), (0o756, set(), False)],
)
def test_who_may_write_a_folder(mode: int, groups: set[int], may: bool, tmp_path: Path) -> None:
    for name in ("a", "a/b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a/b").chmod(mode)
    tmp_path.chmod(0o755)
    machine = Machine(tmp_path)
    assert machine.may_write(Path("/a/b"), os.geteuid() + 4711, groups) is may


def test_logs_are_read_only_and_read_with_the_groups_that_may(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name, mode in (("all.log", 0o644), ("group.log", 0o640), ("own.log", 0o600)):
        (logs / name).touch()
        (logs / name).chmod(mode)
    if os.geteuid() == 0:
        os.chown(logs / "group.log", 0, 4)
    made = systemd.units(planned(tmp_path, logs=[str(logs)]), for_the_system=True)
    group = (logs / "group.log").group()
    assert settings(made, "SupplementaryGroups") == [group]
    assert settings(made, "ReadOnlyPaths") == [f"-{logs}"]
    (note,) = [one for one in made.notes if "below the logs" in one]
    assert f"1, such as {logs}/own.log" in note


def test_secrets_are_handed_over_and_in_no_unit(tmp_path: Path) -> None:
    password = secret_in(tmp_path, "password", "sesame")
    hook = secret_in(tmp_path, "hook", "https://hooks.slack.com/geheim")
    text = f'[smtp]\nuser = "oomdb"\npassword_file = "{password}"\n'
    made = systemd.units(
        planned(tmp_path, text, to=["mailto:a@example.com", f"webhook:{hook}"]),
        for_the_system=True,
    )
    assert settings(made, "LoadCredential") == [
        f"webhook-2:{hook}",
        f"smtp-password:{password}",
    ]
    assert "OOMDB_SMTP_PASSWORD_FILE=%d/smtp-password" in settings(made, "Environment")
    assert f"OOMDB_CONFIG={tmp_path}/oomdb.toml" in settings(made, "Environment")
    assert settings(made, "ExecStart")[1].endswith(
        "--to mailto:a@example.com --to webhook:%d/webhook-2"
    )
    everything = "".join(made.files.values())
    assert "sesame" not in everything
    assert "geheim" not in everything
    assert judged("verify", "--man=no", *written(tmp_path / "units", made)) == ""


def test_settings_that_only_their_owner_reads_are_handed_over_too(tmp_path: Path) -> None:
    path = secret_in(tmp_path, "own.toml", '[smtp]\npassword = "sesame"\nuser = "oomdb"')
    made = systemd.units(
        plan(
            Configuration(path, {}),
            "daily",
            to=["mailto:ops@example.com"],
            logs=["/var/log"],
            db=None,
            at="07:00",
            memory_max="25%",
            always=False,
            for_the_system=True,
        ),
        for_the_system=True,
    )
    assert settings(made, "LoadCredential") == [f"oomdb.toml:{path}"]
    assert "OOMDB_CONFIG=%d/oomdb.toml" in settings(made, "Environment")
    assert settings(made, "MemoryMax") == ["25%%"]


def test_what_the_environment_sets_now_is_set_for_the_service(tmp_path: Path) -> None:
    environment = {
        "OOMDB_SMTP_HOST": "mx 1%.example",
        "OOMDB_DB": "/srv/x.duckdb",
        "OOMDB_SMTP_CA_FILE": "ca.pem",
        "HOME": "/root",
    }
    made = planned(tmp_path, environment=environment)
    assert made.variables == {
        "OOMDB_SMTP_HOST": "mx 1%.example",
        "OOMDB_SMTP_CA_FILE": str(Path.cwd() / "ca.pem"),
    }
    lines = settings(systemd.units(made, for_the_system=True), "Environment")
    assert '"OOMDB_SMTP_HOST=mx 1%%.example"' in lines


@pytest.mark.parametrize(
    ("asked", "environment", "told"),
    [
        ({"to": []}, {}, "say where reports go"),
        ({"logs": []}, {}, "name the logs to read"),
        ({"logs": ["-"]}, {}, "name the logs to read"),
        ({"logs": ["/var/log\n[Service]"]}, {}, "a schedule cannot hold this name"),
        ({"to": ["https://hooks.slack.com/geheim"]}, {}, "a webhook's URL is a secret"),
        ({"to": ["webhook"]}, {}, "set webhook.url_file"),
        ({"at": "25:00"}, {}, "not a time of day"),
        ({"memory_max": "much"}, {}, "not an amount of memory"),
        ({}, {"OOMDB_SMTP_PASSWORD": "x"}, "put the secret into a file"),
    ],
)
def test_what_cannot_work_is_told_before(
    asked: dict[str, Any], environment: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        planned(tmp_path, environment=environment, **asked)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/var/log", "/var/log"),
        ("a b", '"a b"'),
        ("50%", "50%%"),
        ("$HOME", "$$HOME"),
        ('say "x"\\', '"say \\"x\\"\\\\"'),
        ("", '""'),
    ],
)
def test_words_of_a_unit(text: str, word: str) -> None:
    assert systemd.quoted(text, is_argument=True) == word


# In place


def test_units_are_put_in_place_once_and_taken_away(tmp_path: Path) -> None:
    need("systemctl")
    place = install.Place(for_the_system=True, root=tmp_path / "root")
    (tmp_path / "root").mkdir()
    made = systemd.units(planned(tmp_path), for_the_system=True)
    folder = tmp_path / "root/etc/systemd/system"
    link = folder / "timers.target.wants/oomdb-daily.timer"
    assert place.install(made.files) == [
        folder / "oomdb-daily.service",
        folder / "oomdb-daily.timer",
    ]
    assert link.is_symlink()
    assert (folder / "oomdb-daily.service").stat().st_mode & 0o777 == 0o644
    assert place.install(made.files) == []
    later = systemd.units(planned(tmp_path, at="08:30"), for_the_system=True)
    assert len(place.install(later.files)) == 2
    assert "OnCalendar=*-*-* 08:30:00" in (folder / "oomdb-daily.timer").read_text()
    assert place.remove("oomdb-weekly") == []
    assert len(place.remove("oomdb-daily")) == 2
    assert not link.is_symlink()
    assert [path for path in folder.rglob("*") if not path.is_dir()] == []
    assert place.remove("oomdb-daily") == []


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("systemd 252 (252.38-1~deb12u1)\n+PAM\n", 252),
        ("systemd 239 (239-82.el8)\n", 239),
        ("systemd 260~rc1\n", 260),
        ("", None),
    ],
)
def test_the_version_of_systemd(told: str, version: int | None) -> None:
    assert install.version_in(told) == version


def test_units_of_others_are_left_alone(tmp_path: Path) -> None:
    place = install.Place(for_the_system=True, root=tmp_path)
    place.folder.mkdir(parents=True)
    other = place.folder / "oomdb-daily.service"
    other.write_text("[Service]\n")
    made = systemd.units(planned(tmp_path), for_the_system=True)
    with pytest.raises(OomdbError, match="was not written by oomdb"):
        place.install(made.files)
    with pytest.raises(OomdbError, match="was not written by oomdb"):
        place.remove("oomdb-daily")
    assert [path.name for path in place.folder.iterdir()] == ["oomdb-daily.service"]
    assert other.read_text() == "[Service]\n"


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
def test_without_systemd_nothing_is_written(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    made = systemd.units(planned(tmp_path, for_the_system=False), for_the_system=False)
    place = install.Place(for_the_system=False)
    assert place.folder == tmp_path / "own/systemd/user"
    with pytest.raises(OomdbError, match="systemd does not run here: use --cron"):
        place.install(made.files)
    assert not (tmp_path / "own").exists()
