"""A log that outlived its database is not replayed into another one."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.errors import JobError
from pipelines.warehouse import stray_log
from pipelines.warehouse.connection import STORAGE, connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sandbox.server import Sandbox
from tests.pipelines.processes import Billhouse

KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
from pipelines.warehouse.connection import STORAGE
connection = duckdb.connect(sys.argv[1], config=STORAGE)
connection.execute("SET checkpoint_threshold = '1TB'")
connection.execute("CREATE TABLE IF NOT EXISTS ghosts (id INTEGER)")
connection.execute("INSERT INTO ghosts VALUES (1)")
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(database: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(database)], cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == -9
    log = database.with_name(database.name + ".wal")
    assert log.exists()
    return log


@pytest.fixture
def work(warehouse: Warehouse) -> Path:
    with holding(warehouse, lock_timeout=0):
        connect(warehouse).close()
    return warehouse.work


def test_the_log_of_this_database_stays(work: Path) -> None:
    log = killed_while_writing(work)
    assert stray_log.set_aside(work) == []
    assert log.exists()


def test_a_log_without_its_database_is_set_aside(work: Path) -> None:
    log = killed_while_writing(work)
    content = log.read_bytes()
    work.unlink()
    [aside] = stray_log.set_aside(work)
    assert not log.exists()
    assert aside.read_bytes() == content
    assert aside.name.startswith("work.duckdb.wal.stray-")


@pytest.mark.parametrize("other", ["an earlier state of it", "another one"])
def test_a_log_beside_another_database(
    other: str, work: Path, warehouse: Warehouse, tmp_path: Path
) -> None:
    import duckdb

    copy = tmp_path / "copy.duckdb"
    if other == "another one":
        duckdb.connect(copy, config=STORAGE).close()
    else:
        copy.write_bytes(work.read_bytes())
        with closing(connect(warehouse)) as connection:
            connection.execute("CREATE TABLE more AS SELECT 1 AS one")
    log = killed_while_writing(work)
    copy.replace(work)
    with pytest.raises(JobError, match=r"the log work\.duckdb\.wal beside it belongs to another"):
        connect(warehouse)
    [aside] = stray_log.set_aside(work)
    assert aside.exists()
    assert not log.exists()
    with closing(connect(warehouse)) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert ("ghosts",) not in tables


def test_run_and_restore_begin_without_the_old_log(
    warehouse: Warehouse, billhouse: Billhouse, shared_sandbox: Sandbox
) -> None:
    variables = shared_sandbox.environment(["turso"])
    assert billhouse("run", variables=variables).returncode == 0
    assert billhouse("backup", "backup", variables=variables).returncode == 0
    for command in (["run"], ["restore", "backup"]):
        killed_while_writing(warehouse.work)
        warehouse.work.unlink()
        warehouse.published.unlink()
        again = billhouse(*command, variables=variables)
        assert again.returncode == 0, again.stderr
        assert "work.duckdb.wal.stray-" in "".join(again.stderr.split())
        with closing(connect(warehouse)) as connection:
            tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        assert ("turso__invoices",) in tables
        assert ("ghosts",) not in tables
    assert billhouse("rebuild", variables=variables).returncode == 0
