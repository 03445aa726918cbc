"""A reader's own SQL reads the published tables, and does nothing else."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import JobError
from pipelines.publish.read import ask, opened
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.restricted import check, sealed, spilling_unseen
from sandbox.server import running
from sandbox.world import World
from tests.pipelines.processes import Billhouse

# Each would write, change or reach something, if it were carried out.
DOORS = (
    "EXPORT DATABASE '{spill}'",
    "COPY t TO '{spill}/t.csv'",
    "EXPLAIN ANALYZE COPY t TO '{spill}/t.csv'",
    "EXPLAIN /* really */ ANALYZE COPY t TO '{spill}/t.csv'",
    "CALL enable_logging(storage := 'file', storage_config := {{'path': '{spill}'}})",
    "FROM enable_logging(storage := 'file', storage_config := {{'path': '{spill}'}})",
    "WITH x AS (FROM \"Enable_Logging\" -- no\n(storage := 'file')) FROM x",
    "FROM system.main.enable_logging/**/(storage := 'file')",
    "PIVOT (FROM enable_logging(storage := 'file')) ON a USING count(*)",
    "FROM query('FROM enable_logging(storage := ''file'')')",
    "FROM enable_profiling(save_location := '{spill}/profile')",
    "PRAGMA enable_profiling",
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM t'))",
    "FROM checkpoint()",
    "CHECKPOINT",
    "ATTACH ':memory:' AS more",
    "ATTACH '{spill}/more.duckdb'",
    "CREATE TEMP TABLE more AS SELECT 1",
    "SET temp_directory = '/tmp'",
    "RESET temp_directory",
    "USE system",
    "PREPARE p AS FROM t",
    "LOAD json",
    "INSTALL httpfs",
    "IMPORT DATABASE '/etc'",
    "FROM read_text('{spill}/*')",
    "FROM glob('/etc/*')",
    "FROM '/etc/hosts.csv'",
    "FROM arrow_scan(1, 2, 3)",
    "DELETE FROM t",
    "BEGIN",
)


@pytest.fixture
def spill(tmp_path: Path) -> Path:
    return tmp_path / "spill"


@pytest.fixture
def reader(tmp_path: Path, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Sealed, and with a known folder for spilling: who guesses it gets no further."""
    file = tmp_path / "some.duckdb"
    with closing(duckdb.connect(file)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b")
    with closing(duckdb.connect(file, read_only=True)) as connection:
        spill.mkdir()
        connection.execute(f"SET GLOBAL temp_directory = '{spill}'")
        sealed(connection)
        yield connection


@pytest.mark.parametrize("door", DOORS)
def test_what_does_more_than_read_is_refused(
    door: str, reader: duckdb.DuckDBPyConnection, spill: Path
) -> None:
    with pytest.raises(JobError, match=r"disabled.* A query reads the published tables"):
        ask(reader, door.format(spill=spill))
    assert list(spill.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "FROM t",
        "TABLE t",
        "VALUES (1)",
        "(SELECT 1);",
        "/* why */ WITH x AS (FROM t) FROM x -- because",
        "PIVOT t ON b USING sum(a)",
        "UNPIVOT t ON a INTO NAME n VALUE v",
        "SHOW TABLES",
        "DESCRIBE t",
        "SUMMARIZE t",
        "PRAGMA table_info('t')",
        "EXPLAIN FROM t",
        "EXPLAIN ANALYZE (SELECT 'é' AS \"é(\" FROM t)",
        "EXPLAIN (FORMAT json) FROM t",
        "SELECT 'enable_logging(1)' AS query FROM range(3), unnest([1]), duckdb_tables()",
    ],
)
def test_what_reads_is_answered(query: str, reader: duckdb.DuckDBPyConnection) -> None:
    assert ask(reader, query).num_columns > 0


def test_no_stored_secret_and_no_variable_of_the_program_is_seen(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    program_variable = ask(reader, "FROM t")
    assert ask(reader, "FROM duckdb_secrets()").num_rows == 0
    with pytest.raises(JobError, match="program_variable does not exist"):
        ask(reader, "FROM program_variable")
    assert program_variable.num_rows == 1


def test_a_large_query_spills_into_a_private_folder_that_is_gone_afterwards() -> None:
    with closing(duckdb.connect()) as connection:
        with spilling_unseen(connection):
            [(folder,)] = connection.execute("SELECT current_setting('temp_directory')").fetchall()
            assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
            connection.execute("SET memory_limit = '100MB'; SET threads = 1")
            connection.execute(
                "CREATE TEMP TABLE large AS SELECT md5(range::VARCHAR) AS text FROM range(4000000)"
            )
            assert any(Path(folder).iterdir())
        assert not Path(folder).exists()


def test_an_opened_copy_spills_nowhere_near_the_warehouse(warehouse: Warehouse) -> None:
    warehouse.directory.mkdir()
    duckdb.connect(warehouse.published).close()
    with opened(warehouse) as connection:
        check(connection, "SELECT 1")
        answer = ask(connection, "SELECT current_setting('temp_directory') AS folder")
        folder = Path(answer.to_pylist()[0]["folder"])
        assert folder.exists()
        assert warehouse.directory not in folder.parents
    assert not folder.exists()


def test_nothing_is_written_from_the_command_line(
    billhouse: Billhouse, warehouse: Warehouse, tmp_path: Path
) -> None:
    with running(World(months=1)) as sandbox:
        assert billhouse("run", variables=sandbox.environment()).returncode == 0
    before = sorted(tmp_path.rglob("*"))
    spill, today = f"{warehouse.published}.tmp", f"{datetime.now(UTC):%Y-%m-%d}"
    logging = "(storage := 'file', storage_config := {'path': '%s'})"
    for asked in (
        ["EXPORT DATABASE '{}'".format(spill.replace("'", "''"))],
        ["CALL enable_logging" + logging % (tmp_path / "elsewhere")],
        ["FROM enable_logging" + logging % (tmp_path / "elsewhere")],
        ["--as-of", today, f"EXPORT DATABASE '{tmp_path}/.tmp'"],
        ["--as-of", today, "CREATE TABLE more AS SELECT 1"],
    ):
        refused = billhouse("query", *asked)
        assert refused.returncode == 1
        assert "A query reads the published tables" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_first_of_each_is_asked_rightly(warehouse: Warehouse) -> None:
    """DuckDB 1.5 by itself loses the row of which the order is null."""
    warehouse.directory.mkdir()
    with closing(duckdb.connect(warehouse.published)) as connection:
        connection.execute("CREATE TABLE t AS SELECT unnest([1, 2, 3]) AS id")
    query = (
        "SELECT id FROM t QUALIFY row_number() OVER (ORDER BY nullif(id % 3, 0) DESC NULLS LAST)"
        " <= 3"
    )
    with opened(warehouse) as connection:
        assert len(ask(connection, query)) == 3
