"""SQL that a stranger wrote reaches the database and nothing else."""

from __future__ import annotations

import faulthandler
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from oomdb import cli
from oomdb.ingest import ingest
from tests.printed import log, report_6_1, syslog

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "hunter2"
#: Statements that try to get out. FOLDER holds the database and files beside it, TEMP is the
#: folder for temporary files.
ESCAPES = [
    # Reading files
    "SELECT * FROM read_text('FOLDER/secret.csv')",
    "SELECT * FROM read_blob('FOLDER/secret.csv')",
    "SELECT * FROM read_text('FOLDER/*')",
    "SELECT * FROM glob('FOLDER/*')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_csv('FOLDER/secret.csv')",
    "SELECT * FROM read_csv_auto('FOLDER/secret.csv', all_varchar = true)",
    "SELECT * FROM read_json('FOLDER/secret.json')",
    "SELECT * FROM read_json_objects('FOLDER/secret.json')",
    "SELECT * FROM read_ndjson_auto('FOLDER/secret.json')",
    "SELECT * FROM read_parquet('FOLDER/secret.parquet')",
    "SELECT * FROM parquet_scan('FOLDER/secret.parquet')",
    "SELECT * FROM parquet_metadata('FOLDER/secret.parquet')",
    "SELECT * FROM parquet_schema('FOLDER/secret.parquet')",
    "SELECT * FROM parquet_kv_metadata('FOLDER/secret.parquet')",
    "SELECT * FROM parquet_file_metadata('FOLDER/secret.parquet')",
    "SELECT * FROM parquet_full_metadata('FOLDER/secret.parquet')",
    "SELECT * FROM parquet_bloom_probe('FOLDER/secret.parquet', 'a', 'b')",
    "SELECT * FROM sniff_csv('FOLDER/secret.csv')",
    "SELECT * FROM read_duckdb('FOLDER/other.duckdb', table_name = 'secrets')",
    "FROM 'FOLDER/secret.csv'",
    "FROM 'FOLDER/secret.parquet'",
    "FROM 'FOLDER/other.duckdb'",
    "FROM 'file:FOLDER/secret.csv'",
    "FROM '/dev/stdin'",
    "FROM '/proc/self/environ'",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_text('/proc/self/cmdline')",
    "SELECT (SELECT content FROM read_text('FOLDER/secret.csv')) AS x",
    "DESCRIBE FROM read_csv('FOLDER/secret.csv')",
    "SUMMARIZE FROM read_csv('FOLDER/secret.csv')",
    "EXPLAIN ANALYZE SELECT * FROM read_csv('FOLDER/secret.csv')",
    "SELECT * FROM query('SELECT * FROM read_text(''FOLDER/secret.csv'')')",
    "SELECT * FROM query_table('FOLDER/secret.csv')",
    "SELECT * FROM query_table(['FOLDER/secret.csv'])",
    "PIVOT (FROM read_csv('FOLDER/secret.csv')) ON a",
    "CREATE TEMP VIEW v AS SELECT * FROM read_text('FOLDER/secret.csv'); FROM v",
    "CREATE TEMP TABLE t AS SELECT * FROM read_text('FOLDER/secret.csv'); FROM t",
    "CREATE TEMP MACRO m(p) AS TABLE SELECT * FROM read_text(p); FROM m('FOLDER/secret.csv')",
    "PREPARE p AS SELECT * FROM read_text('FOLDER/secret.csv'); EXECUTE p",
    "FROM json_execute_serialized_sql(json_serialize_sql("
    "'SELECT * FROM read_text(''FOLDER/secret.csv'')'))",
    "PRAGMA json_execute_serialized_sql('{}')",
    "SELECT * FROM sql_auto_complete('FROM ''FOLDER/')",
    # Writing files, the database's own among them
    "COPY events TO 'FOLDER/stolen.csv'",
    "COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb' (FORMAT csv)",
    "COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.wal' (FORMAT csv)",
    "COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.wal' (FORMAT parquet)",
    "COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.tmp' (FORMAT csv, PER_THREAD_OUTPUT)",
    "COPY (SELECT 1) TO 'TEMP/x.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.wal' (FORMAT csv)",
    "EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.wal' (FORMAT csv)",
    "EXPLAIN /* SELECT */ ANALYZE -- SELECT\n COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.wal'"
    " (FORMAT csv)",
    "EXPLAIN ANALYZE COPY (PIVOT events ON kind USING COUNT(*)) TO 'FOLDER/oomdb.duckdb.wal'"
    " (FORMAT csv)",
    "COPY (PIVOT events ON kind USING COUNT(*)) TO 'FOLDER/oomdb.duckdb.wal' (FORMAT csv)",
    "PREPARE p AS COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.wal' (FORMAT csv); EXECUTE p",
    "SELECT 1; COPY (SELECT 1) TO 'FOLDER/oomdb.duckdb.wal' (FORMAT csv); SELECT 2",
    "FROM query('COPY (SELECT 1) TO ''FOLDER/oomdb.duckdb.wal''')",
    "COPY events FROM 'FOLDER/secret.csv'",
    "EXPORT DATABASE 'FOLDER/exported'",
    "IMPORT DATABASE 'FOLDER/exported'",
    "PRAGMA import_database('FOLDER/exported')",
    "COPY FROM DATABASE oomdb TO temp",
    "CALL enable_logging(storage = 'file', storage_path = 'FOLDER/logs')",
    "FROM enable_logging(storage = 'file', storage_path = 'FOLDER/logs'); SELECT 1",
    "FROM enable_logging(storage = 'file', storage_path = 'FOLDER/oomdb.duckdb.wal'); SELECT 1",
    "FROM enable_logging(storage = 'file', storage_config = {'path': 'FOLDER/logs'}); SELECT 1",
    "CALL enable_profiling(format = 'json', save_location = 'FOLDER/profile.json'); SELECT 1",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA profiling_output = 'FOLDER/profile.json'",
    "PRAGMA profile_output = 'FOLDER/profile.json'",
    "SET profiling_output = 'FOLDER/profile.json'",
    "SET log_query_path = 'FOLDER/queries.log'",
    "SET GLOBAL log_query_path = 'FOLDER/queries.log'",
    # Other databases, extensions, the network, secrets
    "ATTACH 'FOLDER/other.duckdb' AS other",
    "ATTACH 'FOLDER/oomdb.duckdb' AS other",
    "ATTACH 'FOLDER/oomdb.duckdb' AS other (READ_WRITE)",
    "ATTACH 'FOLDER/made.duckdb' AS made",
    "ATTACH ':memory:' AS memory",
    "ATTACH 'TEMP/made.duckdb' AS made",
    "ATTACH 'FOLDER/other.sqlite' (TYPE sqlite)",
    "ATTACH 'dbname=postgres' AS pg (TYPE postgres)",
    "ATTACH 'https://example.org/x.duckdb' AS web",
    "ATTACH OR REPLACE 'FOLDER/other.duckdb' AS oomdb",
    "DETACH oomdb",
    "USE memory",
    "INSTALL httpfs",
    "FORCE INSTALL httpfs FROM 'http://example.org'",
    "INSTALL 'FOLDER/x.duckdb_extension'",
    "LOAD httpfs",
    "LOAD 'FOLDER/x.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "SELECT * FROM read_csv('https://example.org/x.csv')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "FROM 'http://169.254.169.254/latest/meta-data'",
    "SELECT ST_Point(1, 2)",
    "SELECT * FROM sqlite_scan('FOLDER/other.sqlite', 'secrets')",
    "SELECT * FROM postgres_query('dbname=postgres', 'SELECT 1')",
    "CREATE SECRET s (TYPE http)",
    "CREATE PERSISTENT SECRET s (TYPE http)",
    "CREATE OR REPLACE TEMPORARY SECRET s (TYPE http)",
    "CREATE SECRET s (TYPE s3, PROVIDER credential_chain)",
    "DROP SECRET s",
    # Settings
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "SET allowed_configs = ['threads']",
    "SET temp_directory = 'FOLDER'",
    "SET max_temp_directory_size = '1TB'",
    "SET allowed_directories = ['/']",
    "SET allowed_paths = ['FOLDER/secret.csv']",
    "SET disabled_filesystems = ''",
    "RESET disabled_filesystems",
    "SET memory_limit = '1TB'",
    "SET threads = 64",
    "PRAGMA threads = 64",
    "SET python_enable_replacements = true",
    "SET python_scan_all_frames = true",
    "SET autoload_known_extensions = true",
    "SET allow_unsigned_extensions = true",
    "SET allow_community_extensions = true",
    "SET custom_extension_repository = 'http://example.org'",
    "SET extension_directory = 'FOLDER'",
    "SET secret_directory = 'FOLDER'",
    "SET home_directory = 'FOLDER'",
    "SET file_search_path = 'FOLDER'",
    "SET http_proxy = 'example.org'",
    "SET enable_logging = true",
    "SET errors_as_json = true",
    "SET VARIABLE x = 1",
    "SELECT 1; SET threads = 64; SELECT 2",
    "RESET threads",
    # The program and its environment
    "SELECT getenv('HOME')",
    "FROM ESCAPES",
    "FROM arguments",
    "FROM connection",
    "FROM rows",
    "SELECT * FROM pandas_scan(0)",
    "SELECT * FROM arrow_scan(0, 0, 0)",
    "SELECT * FROM python_map_function()",
    # The database itself
    "DELETE FROM events",
    "INSERT INTO hosts SELECT * FROM hosts",
    "CREATE TABLE t (n INTEGER)",
    "CREATE OR REPLACE VIEW incidents AS SELECT 1",
    "CREATE TABLE t AS PIVOT events ON kind USING COUNT(*)",
    "DROP TABLE events",
    "ALTER TABLE events ADD COLUMN n INTEGER",
    "TRUNCATE events",
    "COMMENT ON TABLE events IS 'x'",
    "EXPLAIN ANALYZE DELETE FROM events",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "FROM force_checkpoint()",
    "VACUUM",
    "BEGIN",
    "CALL checkpoint()",
    "CALL range(3)",
]
#: What DuckDB lets a SELECT call that would act elsewhere.
WITHOUT_EFFECT = [
    "FROM enable_logging(storage = 'stdout', level = 'trace');"
    " SELECT write_log('hunter' || 2) AS x",
    "FROM enable_logging(level = 'trace'); SELECT write_log('hunter' || 2) AS x",
    "FROM query('FROM enable_logging(storage = ''stdout'')'); SELECT 1 AS x",
    "FROM enable_profiling(); SELECT 1 AS x",
    "FROM enable_profiling(format = 'json'); SELECT 1 AS x",
    "FROM checkpoint()",
    "FROM duckdb_secrets()",
    "SELECT current_setting('home_directory') || current_setting('secret_directory') AS x",
]
#: What an analyst asks.
QUESTIONS = [
    "FROM events",
    "VALUES (1)",
    "TABLE hosts",
    "WITH a AS (SELECT 1 AS x) FROM a",
    "PIVOT events ON kind USING COUNT(*)",
    "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
    "DESCRIBE events",
    "SUMMARIZE hosts",
    "SHOW TABLES",
    "PRAGMA show_tables",
    "EXPLAIN SELECT 1",
    "EXPLAIN (SELECT 1)",
    "EXPLAIN (ANALYZE, FORMAT json) /* why */ SELECT 1",
    "EXPLAIN ANALYZE WITH a AS (SELECT 1 AS x) FROM a",
    "CREATE TEMP TABLE t AS SELECT 1 AS x; FROM t",
    "/* ü */ CREATE OR REPLACE TEMPORARY MACRO twice(n) AS 2 * n; SELECT twice(21) AS x",
    "CREATE TEMP VIEW v AS FROM hosts; PIVOT v ON hostname USING COUNT(*)",
    "SELECT * FROM query_table('events')",
]

#: What the settings of a locked connection are; DuckDB does not tell `disabled_filesystems`.
CLOSED = {
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "allow_unredacted_secrets": "false",
    "allow_unsigned_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "home_directory": "",
    "lock_configuration": "true",
    "python_enable_replacements": "false",
    "secret_directory": "",
}

#: The functions of DuckDB that are no mere calculation.
KNOWN_FUNCTIONS = """
add_parquet_key all_profiling_output arrow_scan arrow_scan_dumb checkpoint collations
copy_database current_connection_id current_query current_query_id current_transaction_id
currval database_list database_size disable_checkpoint_on_shutdown disable_logging
disable_object_cache disable_optimizer disable_print_progress_bar disable_profile
disable_profiling disable_progress_bar disable_verification disable_verify_external
disable_verify_fetch_row disable_verify_parallelism disable_verify_serializer
duckdb_approx_database_count duckdb_columns duckdb_connection_count duckdb_constraints
duckdb_coordinate_systems duckdb_databases duckdb_dependencies duckdb_extensions
duckdb_external_file_cache duckdb_functions duckdb_indexes duckdb_keywords duckdb_log_contexts
duckdb_logs duckdb_logs_parsed duckdb_memory duckdb_optimizers duckdb_prepared_statements
duckdb_profiling_settings duckdb_schemas duckdb_secret_types duckdb_secrets duckdb_sequences
duckdb_settings duckdb_table_sample duckdb_tables duckdb_temporary_files duckdb_types
duckdb_variables duckdb_views enable_checkpoint_on_shutdown enable_logging enable_object_cache
enable_optimizer enable_print_progress_bar enable_profile enable_profiling enable_progress_bar
enable_verification error extension_versions force_checkpoint functions gen_random_uuid
generate_series glob histogram histogram_values icu_calendar_names import_database json_each
json_execute_serialized_sql json_tree metadata_info nextval pandas_scan parquet_bloom_probe
parquet_file_metadata parquet_full_metadata parquet_kv_metadata parquet_metadata parquet_scan
parquet_schema pg_timezone_names platform pragma_collations pragma_database_size
pragma_metadata_info pragma_platform pragma_show pragma_storage_info pragma_table_info
pragma_user_agent pragma_version python_map_function query query_table random range read_blob
read_csv read_csv_auto read_duckdb read_json read_json_auto read_json_objects
read_json_objects_auto read_ndjson read_ndjson_auto read_ndjson_objects read_parquet read_text
repeat repeat_row seq_scan setseed show show_databases show_tables show_tables_expanded sleep_ms
sniff_csv stats storage_info summary table_info test_all_types test_vector_types
truncate_duckdb_logs unnest user_agent uuid uuidv4 uuidv7 verify_external verify_fetch_row
verify_parallelism verify_serializer version which_secret write_log
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and files that are nobody's business."""
    folder = tmp_path_factory.mktemp("lock")
    (folder / "kern.log").write_bytes(log(syslog(report_6_1())))
    ingest([folder / "kern.log"], folder / "oomdb.duckdb")
    (folder / "secret.csv").write_text(f"a,b\n{SECRET},1\n")
    (folder / "secret.json").write_text(f'{{"a": "{SECRET}"}}\n')
    with duckdb.connect(str(folder / "other.duckdb")) as other:
        other.execute(f"CREATE TABLE secrets AS SELECT '{SECRET}' AS a")
        other.execute(f"COPY secrets TO '{folder}/secret.parquet'")
    (folder / "exported").mkdir()
    (folder / "exported" / "schema.sql").write_text("CREATE TEMP TABLE t (a INTEGER);")
    (folder / "exported" / "load.sql").write_text("")
    return folder


class Stranger:
    """`oomdb sql` in this process, and a look at what it left."""

    def __init__(self, folder: Path, temp: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.temp = temp
        self.capfd = capfd

    def asks(self, sql: str, *options: str) -> tuple[int, str, str]:
        """What comes of a statement: exit code, stdout and stderr."""
        sql = sql.replace("FOLDER", str(self.folder)).replace("TEMP/", f"{self.temp}/")
        return self.runs("sql", sql, *options)

    def runs(self, *arguments: str) -> tuple[int, str, str]:
        """The same of any command."""
        self.capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setenv("OOMDB_DB", f"{self.folder}/oomdb.duckdb")
            patch.setattr(sys, "argv", ["oomdb", *arguments])
            cli.main()
        printed = self.capfd.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    def files(self) -> dict[str, str]:
        """Every file and what is in it."""
        paths = [path for top in (self.folder, self.temp) for path in top.rglob("*")]
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            for path in paths
        }


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Some statements crash the child, which is to be seen in what the parent says alone."""
    is_enabled = faulthandler.is_enabled()
    faulthandler.disable()
    yield
    if is_enabled:
        faulthandler.enable()


@pytest.fixture
def stranger(
    made: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stranger]:
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temp))
    stranger = Stranger(made, temp, capfd)
    before = stranger.files()
    yield stranger
    assert stranger.files() == before


@pytest.mark.parametrize("sql", ESCAPES)
def test_no_way_out(stranger: Stranger, sql: str) -> None:
    check_no_way_out(stranger, sql)


#: With temporary files DuckDB has a file system, and fewer of its settings stand in the way.
NEAR_FILES = re.compile(r"COPY|^ATTACH|enable_logging|EXPORT|IMPORT|glob|/proc|CREATE SECRET")


@pytest.mark.parametrize("sql", [*filter(NEAR_FILES.search, ESCAPES)])
def test_no_way_out_with_temporary_files(stranger: Stranger, sql: str) -> None:
    check_no_way_out(stranger, sql, "--temp-limit", "1GB")


def check_no_way_out(stranger: Stranger, sql: str, *options: str) -> None:
    code, out, err = stranger.asks(sql, *options)
    assert (code, out) == (1, "")
    assert "oomdb: " in err
    assert "Traceback" not in err
    # DuckDB aborts when it cannot write the log that it was asked for.
    assert "crashed" not in err or ("enable_logging" in sql and options)
    assert SECRET not in err


@pytest.mark.parametrize("sql", WITHOUT_EFFECT)
@pytest.mark.parametrize("temp_limit", ["0", "1GB"])
def test_calls_without_effect(stranger: Stranger, sql: str, temp_limit: str) -> None:
    code, out, err = stranger.asks(sql, "--temp-limit", temp_limit, "-f", "csv")
    assert (code, err) == (0, "")
    assert SECRET not in out
    assert len(out.splitlines()) <= 2


@pytest.mark.parametrize("sql", QUESTIONS)
def test_what_an_analyst_asks_is_answered(stranger: Stranger, sql: str) -> None:
    code, out, err = stranger.asks(sql)
    assert (code, err) == (0, "")
    assert out


def test_the_databases_own_file_cannot_be_read_by_name(stranger: Stranger) -> None:
    for sql in ("FROM read_blob('FOLDER/oomdb.duckdb')", "FROM read_text('FOLDER/oomdb.duckdb')"):
        code, out, err = stranger.asks(sql)
        assert (code, out) == (1, "")
        assert "disabled" in err


def test_every_setting_is_locked(stranger: Stranger) -> None:
    with duckdb.connect() as connection:
        names = [
            row[0] for row in connection.execute("SELECT name FROM duckdb_settings()").fetchall()
        ]
    assert len(names) > 100
    tried = "; ".join(f"SET {name} = '1'; RESET {name}" for name in names)
    for sql in (tried, *(f"SELECT 1; SET {name} = 1" for name in names[::60])):
        code, out, err = stranger.asks(sql)
        assert (code, out) == (1, "")
        assert "SET is locked out" in err


@pytest.mark.parametrize("temp_limit", ["0", "1GB"])
def test_every_way_is_closed_by_its_own_setting(stranger: Stranger, temp_limit: str) -> None:
    """Several of them stand in the way of one statement, so that none of those would tell."""
    asked = "SELECT name, value FROM duckdb_settings() WHERE name IN ({}) ORDER BY name"
    names = ", ".join(f"'{name}'" for name in CLOSED)
    code, out, err = stranger.asks(asked.format(names), "--temp-limit", temp_limit, "-f", "json")
    assert (code, err) == (0, "")
    found = {row["name"]: row["value"] or "" for row in json.loads(out)}
    assert found == CLOSED


def test_no_function_of_duckdb_is_unknown() -> None:
    """One that is new may act, on files or elsewhere: to be tried above before it is named here."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions()"
            " WHERE function_type IN ('table', 'pragma', 'table_macro') OR has_side_effects"
        ).fetchall()
    assert {name for (name,) in found} - set(KNOWN_FUNCTIONS.split()) == set()


def test_the_database_is_not_replaced_by_a_result(stranger: Stranger) -> None:
    code, out, err = stranger.asks("SELECT 1", "--out", str(stranger.folder / "oomdb.duckdb"))
    assert (code, out) == (2, "")
    assert "is the database itself" in err


def test_an_explain_is_judged_by_its_first_words(stranger: Stranger) -> None:
    many = ", ".join(["1"] * 200_000)
    assert stranger.asks(f"EXPLAIN SELECT {many}", "--timeout", "60")[0] == 0
    padded = f"EXPLAIN ANALYZE /* {'x' * 10_000} SELECT */ COPY (SELECT 1) TO 'TEMP/x.csv'"
    assert stranger.asks(padded, "--temp-limit", "1GB")[0] == 1


def test_a_query_of_a_view_is_locked_too(
    made: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A view that somebody else put into the database cannot read files either."""
    database = tmp_path / "oomdb.duckdb"
    shutil.copy(made / "oomdb.duckdb", database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("DROP VIEW limits_hit")
        connection.execute(
            f"CREATE VIEW limits_hit AS SELECT content FROM read_text('{made}/secret.csv')"
        )
    code, out, err = Stranger(tmp_path, tmp_path, capfd).runs("query", "limits_hit")
    assert (code, out) == (1, "")
    assert "disabled by configuration" in err


def test_unsafe_lifts_the_lock_but_not_of_the_tables(stranger: Stranger) -> None:
    code, out, _ = stranger.asks("FROM 'FOLDER/secret.csv'", "--unsafe", "-f", "csv")
    assert (code, out) == (0, f"a,b\n{SECRET},1\n")
    target = stranger.folder / "copied.csv"
    assert stranger.asks(f"COPY (SELECT 1 AS n) TO '{target}'", "--unsafe")[0] == 0
    assert target.read_text() == "n\n1\n"
    target.unlink()
    code, _, err = stranger.asks("DELETE FROM events", "--unsafe")
    assert code == 1
    assert "read-only" in err


@pytest.mark.parametrize("statement", ["SELEC \x1b[2J", "SELECT '\x1b]0;x\x07'::INTEGER", "\x9b2J"])
def test_a_terminal_obeys_no_error_message(stranger: Stranger, statement: str) -> None:
    code, _, err = stranger.asks(statement)
    assert code == 1
    assert all(line.isprintable() for line in err.splitlines())
    assert "\\x" in err


def test_no_variable_of_the_program_is_a_table(stranger: Stranger) -> None:
    import pyarrow as pa

    inside_a_caller = pa.table({"a": [SECRET]})
    code, out, _ = stranger.asks("FROM inside_a_caller")
    assert (code, out) == (1, "")
    assert inside_a_caller.num_rows == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc")
def test_no_descriptor_is_left_open(stranger: Stranger) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for sql in ("SELECT 1", "SELEC"):
        stranger.asks(sql)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
