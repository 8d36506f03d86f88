"""Settings: which file, which line, which value wins, and what is refused."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from oomdb import cli
from oomdb.errors import UsageError
from oomdb.settings import file, forms
from oomdb.settings.configuration import Configuration, secret_in
from oomdb.settings.table import SETTINGS

SAMPLES = Path(__file__).parent.parent / "samples"
CODE = str(Path(cli.__file__).parent.parent.parent)


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "oomdb.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def run(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The real command, with nothing set but what is given; HOME is the folder."""
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CONFIG_DIRS": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "oomdb", *arguments],
        cwd=folder,
        env={**plain, "PYTHONPATH": CODE, "LANG": "C", "COLUMNS": "80", **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# Where the file is


def test_the_first_place_with_a_file_is_the_one(tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_DIRS": f"{tmp_path}/one:relative:{tmp_path}/two",
    }
    assert [str(path) for path in file.places(environment)] == [
        f"{tmp_path}/home/.config/oomdb/oomdb.toml",
        f"{tmp_path}/one/oomdb/oomdb.toml",
        f"{tmp_path}/two/oomdb/oomdb.toml",
        "/etc/oomdb/oomdb.toml",
    ]
    moved = {**environment, "XDG_CONFIG_HOME": f"{tmp_path}/own"}
    assert next(iter(file.places(moved))) == tmp_path / "own" / "oomdb" / "oomdb.toml"
    for name in ("two", "one", "own"):
        folder = tmp_path / name / "oomdb"
        folder.mkdir(parents=True)
        (folder / "oomdb.toml").touch()
        assert file.find(None, moved) == folder / "oomdb.toml"
    other = tmp_path / "other.toml"
    other.touch()
    assert file.find(None, {**moved, "OOMDB_CONFIG": str(other)}) == other
    assert file.find(tmp_path / "one" / "oomdb" / "oomdb.toml", {"OOMDB_CONFIG": str(other)}) == (
        tmp_path / "one" / "oomdb" / "oomdb.toml"
    )


def test_standard_places_without_an_environment() -> None:
    assert [str(path) for path in file.places({})] == [
        "/etc/xdg/oomdb/oomdb.toml",
        "/etc/oomdb/oomdb.toml",
    ]


def test_a_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no configuration file at"):
        file.find(tmp_path / "no.toml", {})


# What it says, and on which line


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("db = \n", 1, "Invalid value"),
        ('db = "/x"\n[smtp\n', 2, "Expected"),
        ('# a\n\ndb = "/x"\ndb = "/y"\n', 4, "overwrite"),
        ('db = "/x"\ntimezone = "UTC"\n', 2, "called timezone; did you mean ingest.timezone?"),
        ('[ingest]\n\ntmezone = "UTC"\n', 3, "called ingest.tmezone; did you mean ingest.timezone"),
        ("[smpt]\nport = 1\n", 2, "called smpt.port; did you mean smtp.port?"),
        ("[nothing]\n", 1, "no setting is called nothing"),
        ("[zzz]\nqqq = 1\n", 2, "`oomdb config show --all` lists them"),
        ('a.b."c.d" = 1\n', 1, "no setting is called a.b.c.d"),
        ("db = 5\n", 1, "db: has to be text in quotes, not 5"),
        ('db = ""\n', 1, "db: is empty"),
        ('db = "here/x"\n', 1, "db: 'here/x' is a relative path; begin it with / or ~"),
        ('[ingest]\nlogs = "/var/log"\n', 2, "ingest.logs: has to be a list of texts"),
        ('[ingest]\nlogs = [\n  # jobs = 1\n  "/var",\n  1,\n]\n', 2, "has to be a list of texts"),
        ('[ingest]\njobs = "2"\n', 2, "has to be a whole number, not '2'"),
        ("[ingest]\njobs = true\n", 2, "has to be a whole number, not true"),
        ("[ingest]\njobs = 0\n", 2, "has to be at least 1, not 0"),
        ("[schedule]\nalways = 1\n", 2, "has to be true or false, not 1"),
        ('[smtp]\nsecurity = "ssl"\n', 2, "has to be one of starttls, tls, none, not 'ssl'"),
        ("smtp = 1\n", 1, "no setting is called smtp"),
        ("[[smtp]]\nport = 1\n", 1, "no setting is called smtp"),
        ('[report]\nday_starts = "xx"\n', 2, "report.day_starts: not a time of day: 'xx'"),
        ('[schedule]\nat = "99:99"\n', 2, "schedule.at: not a time of day"),
        ('[schedule]\nmemory_max = "lots"\n', 2, "schedule.memory_max: not an amount of memory"),
        ('[schedule]\nmemory_max = "150%"\n', 2, "not an amount of memory"),
        ('[schedule]\nmemory_max = "0%"\n', 2, "not an amount of memory"),
        ('[schedule]\nmemory_max = "0"\n', 2, "an amount of memory from 64M to 1024T"),
        ('[schedule]\nmemory_max = "99999999999T"\n', 2, "an amount of memory from 64M to"),
        ('[query]\ntimeout = "abc"\n', 2, "query.timeout: 'abc' is no number of seconds"),
        ('[query]\n\nmemory_limit = "abc"\n', 3, "query.memory_limit: 'abc' is no size"),
        ("[smtp]\nport = 99999\n", 2, "smtp.port: has to be at most 65535, not 99999"),
        ('[ingest]\ntimezone = "Mars/X"\n', 2, "ingest.timezone: no time zone is called 'Mars/X'"),
        ("[smtp]\npassword = [1]\n", 2, "has to be text in quotes, not a list"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, told: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        Configuration(path, {})
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert told in str(refused.value)


def test_texts_that_fit_are_taken(tmp_path: Path) -> None:
    text = (
        '[ingest]\ntimezone = "+02:00"\n[query]\ntimeout = "none"\nmemory_limit = "1.5G"\n'
        '[report]\nday_starts = "7:30"\n[schedule]\nmemory_max = "infinity"\n[smtp]\n'
    )
    found = Configuration(written(tmp_path, text), {})
    assert found.text("query.memory_limit") == "1.5G"
    assert found.text("ingest.timezone") == "+02:00"


@pytest.mark.parametrize(
    ("text", "unit"),
    [("2g", "2G"), ("1.5G", "1536M"), ("25%", "25%"), ("12.5%", "12.5%"), ("infinity", "infinity")],
)
def test_amounts_of_memory_are_given_as_systemd_takes_them(text: str, unit: str) -> None:
    assert forms.memory_max(text) == unit


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "oomdb.toml"
    path.write_bytes(b'db = "/x"\n\xff\n')
    with pytest.raises(UsageError, match=r"oomdb.toml:2: not UTF-8"):
        Configuration(path, {})
    path.write_bytes(b"#" * 300_000)
    with pytest.raises(UsageError, match="is no configuration"):
        Configuration(path, {})
    with pytest.raises(UsageError, match="Is a directory"):
        Configuration(tmp_path, {})


@given(
    st.lists(
        st.sampled_from(["", "# jobs = 1", "other.x = 1", 'other.y = """\n[x]\njobs = 1\n"""']),
        max_size=5,
        unique=True,
    ),
    st.sampled_from(["wanted = 1", "wanted = [\n1,\n# x\n2]", "wanted = '''\n\nz = 1'''"]),
)
def test_lines_are_those_of_the_parser(before: list[str], wanted: str) -> None:
    text = "\n".join([*before, wanted, "after.z = 2", ""])
    line = "\n".join([*before, ""]).count("\n") + 1 if before else 1
    assert file.lines_of(text)["wanted"] == line


# Which value wins


def test_the_environment_is_before_the_file_before_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, '[smtp]\nhost = "filed"\nport = 25\n[ingest]\nlogs = ["~/a", "-"]\n')
    found = Configuration(path, {"OOMDB_SMTP_HOST": "told", "OOMDB_SMTP_USER": ""})
    in_force = found.in_force("smtp.host")
    assert (in_force.value, in_force.origin) == ("told", "environment (OOMDB_SMTP_HOST)")
    assert (found.whole("smtp.port"), found.in_force("smtp.port").origin) == (25, f"{path}:3")
    assert (found.text("schedule.at"), found.in_force("schedule.at").origin) == ("07:00", "default")
    assert found.text("smtp.user") is None
    assert found.texts("ingest.logs") == (os.path.expanduser("~/a"), "-")  # noqa: PTH111


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("OOMDB_INGEST_JOBS", "3", 3),
        ("OOMDB_INGEST_LOGS", "/a:/b c", ("/a", "/b c")),
        ("OOMDB_SCHEDULE_TO", "mailto:a@b /srv/", ("mailto:a@b", "/srv/")),
        ("OOMDB_SCHEDULE_ALWAYS", "Yes", True),
        ("OOMDB_SCHEDULE_ALWAYS", "0", False),
        ("OOMDB_DB", "relative.duckdb", "relative.duckdb"),
    ],
)
def test_variables(variable: str, text: str, value: object) -> None:
    name = {setting.variable: setting.name for setting in SETTINGS}[variable]
    assert Configuration(None, {variable: text}).set_value(name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("OOMDB_INGEST_JOBS", "many"),
        ("OOMDB_INGEST_JOBS", "0"),
        ("OOMDB_SCHEDULE_ALWAYS", "perhaps"),
        ("OOMDB_SMTP_SECURITY", "ssl"),
        ("OOMDB_SMTP_PORT", "70000"),
        ("OOMDB_SCHEDULE_AT", "25:00"),
    ],
)
def test_wrong_variables_are_told(variable: str, text: str) -> None:
    with pytest.raises(UsageError, match=variable):
        Configuration(None, {variable: text})


# Secrets


def test_a_secret_is_refused_in_a_file_that_others_can_read(tmp_path: Path) -> None:
    path = written(tmp_path, '[smtp]\npassword = "sesame"\n', 0o644)
    with pytest.raises(UsageError, match="others can read this file: chmod 600") as refused:
        Configuration(path, {})
    assert "sesame" not in str(refused.value)
    path.chmod(0o600)
    assert Configuration(path, {}).secret("smtp.password") == "sesame"


def test_a_secret_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("  sesame \n")
    secret.chmod(0o400)
    path = written(tmp_path, f'[smtp]\npassword_file = "{secret}"\n', 0o644)
    assert Configuration(path, {}).secret("smtp.password") == "sesame"
    assert Configuration(path, {"OOMDB_SMTP_PASSWORD": "x"}).secret("smtp.password") == "x"
    assert Configuration(None, {}).secret("smtp.password") is None
    secret.chmod(0o440)
    with pytest.raises(UsageError, match="chmod 600"):
        secret_in(secret)


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    text = '[smtp]\npassword = "sesame"\n[webhook]\nurl = "https://x/geheim"\n'
    text += '[schedule]\nto = ["https://me:geheim@y.example/geheim"]\nalways = true\n'
    path = written(tmp_path, text)
    done = run(tmp_path, "--config", str(path), "config", "show", "--all", "--format", "json")
    assert done.returncode == 0
    assert "sesame" not in done.stdout + done.stderr
    assert "geheim" not in done.stdout + done.stderr
    assert done.stdout.count("********") == 2
    assert "https://y.example/..." in done.stdout


# The command line


def test_every_setting_that_feeds_an_option_feeds_one_that_is_there() -> None:
    commands = get_command(cli.app).commands  # type: ignore[attr-defined]
    for setting in SETTINGS:
        if setting.parameter is not None:
            owners = [setting.command] if setting.command else list(commands)
            found = [one for owner in owners for one in commands[owner].params]
            fed = [one for one in found if one.name == setting.parameter]
            assert fed, setting.name
            if setting.default is not None:
                assert {one.default for one in fed} == {setting.default}, setting.name


def test_config_show_tells_where_each_comes_from(tmp_path: Path) -> None:
    folder = tmp_path / "oomdb"
    folder.mkdir()
    path = written(folder, f'db = "{tmp_path}/filed.duckdb"\n\n[ingest]\njobs = 2\n')

    def shown(*arguments: str, env: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
        done = run(tmp_path, "config", "show", "--format", "csv", *arguments, env=env)
        assert done.returncode == 0, done.stderr
        assert done.stderr == f"configuration file: {path}\n"
        rows = csv.DictReader(io.StringIO(done.stdout))
        return {row["setting"]: (row["value"], row["origin"]) for row in rows}

    plain = shown()
    assert plain["db"] == (f"{tmp_path}/filed.duckdb", f"{path}:1")
    assert plain["ingest.jobs"] == ("2", f"{path}:4")
    assert plain["schedule.at"] == ("07:00", "default")
    told = shown("--db", "x.duckdb", env={"OOMDB_INGEST_JOBS": "1"})
    assert told["db"] == ("x.duckdb", "option (--db)")
    assert told["ingest.jobs"] == ("1", "environment (OOMDB_INGEST_JOBS)")


def test_commands_take_their_defaults_from_the_file(tmp_path: Path) -> None:
    text = (
        f'db = "{tmp_path}/filed.duckdb"\n[ingest]\nlogs = ["{SAMPLES}/rocketmq-8g.log"]\n'
        'timezone = "Asia/Shanghai"\njobs = 1\n'
    )
    config = ("--config", str(written(tmp_path, text)))
    done = run(tmp_path, *config, "ingest")
    assert done.returncode == 0, done.stderr
    assert "oom_kill 1" in done.stdout
    assert (tmp_path / "filed.duckdb").exists()
    count = ("sql", "SELECT COUNT(*) AS n FROM events", "--format", "csv")
    assert run(tmp_path, *config, *count).stdout == "n\n1\n"
    assert ",iZ23tpcto8eZ," in run(tmp_path, *config, "hosts", "--format", "csv").stdout
    # Nearer to the command is stronger.
    assert run(tmp_path, *config, *count, env={"OOMDB_DB": "no"}).returncode == 1
    assert run(tmp_path, *config, *count, "--db", "no.duckdb").returncode == 1


def test_ingest_without_logs_and_setting_is_wrong_usage(tmp_path: Path) -> None:
    done = run(tmp_path, "ingest")
    assert done.returncode == 2
    assert "PATH" in done.stderr


def test_a_wrong_file_stops_commands_but_no_help(tmp_path: Path) -> None:
    config = ("--config", str(written(tmp_path, "jbos = 1\n")))
    done = run(tmp_path, *config, "events")
    assert (done.returncode, done.stdout) == (2, "")
    assert "oomdb.toml:1: no setting is called jbos; did you mean ingest.jobs?" in done.stderr
    helped = run(tmp_path, *config, "events", "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    missing = run(tmp_path, "--config", "no.toml", "events")
    assert missing.returncode == 2
    assert "no configuration file at no.toml" in missing.stderr
