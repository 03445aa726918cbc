from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest

from pipelines.errors import JobError, UsageError
from pipelines.publish.read import ask, opened
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse, configured_warehouse
from pipelines.warehouse.lock import WarehouseBusyError, holding
from tests.pipelines.processes import environment

HOLD_LOCK = """
import sys; from pathlib import Path; from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
with holding(Warehouse(Path(sys.argv[1])), lock_timeout=0):
    print("held", flush=True); sys.stdin.read()
"""
HOLD_DATABASE = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1] + "/work.duckdb")
print("held", flush=True); sys.stdin.read()
"""


@contextmanager
def another_process(program: str, warehouse: Warehouse) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", program, str(warehouse.directory)],
        env=environment(warehouse),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.communicate()


def test_a_second_run_waits_and_then_says_who_is_at_work(warehouse: Warehouse) -> None:
    with another_process(HOLD_LOCK, warehouse) as other:
        message = rf"process {other.pid}\) .* within 0.2 s.*--lock-timeout"
        with pytest.raises(WarehouseBusyError, match=message), holding(warehouse, lock_timeout=0.2):
            pytest.fail("two runs at once")
    with holding(warehouse, lock_timeout=5):
        assert warehouse.directory.is_dir()


def test_a_database_that_is_open_elsewhere_names_the_process(warehouse: Warehouse) -> None:
    with (
        holding(warehouse, lock_timeout=0),
        another_process(HOLD_DATABASE, warehouse) as other,
        pytest.raises(JobError, match=rf"Process {other.pid} has .*work.duckdb open"),
    ):
        connect(warehouse)


def test_a_damaged_database_is_told_in_a_sentence(warehouse: Warehouse) -> None:
    with holding(warehouse, lock_timeout=0):
        warehouse.work.write_bytes(b"no database" * 1000)
        with pytest.raises(JobError, match=r"work\.duckdb can't be opened"):
            connect(warehouse)


def test_a_damaged_copy_is_made_anew_by_a_rebuild(warehouse: Warehouse) -> None:
    warehouse.directory.mkdir()
    warehouse.published.write_bytes(b"no database" * 1000)
    with pytest.raises(JobError, match=r"run `billhouse rebuild`.*again"), opened(warehouse):
        pytest.fail("there is nothing to read")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("FROM nosuch", '"SHOW TABLES" lists the tables'),
        ("FROM read_csv('/etc/hostname')", "A query reads the published tables, and nothing else."),
        ("SELEC 1", 'syntax error at or near "SELEC".'),
    ],
)
def test_a_query_that_fails_says_what_to_do(warehouse: Warehouse, sql: str, said: str) -> None:
    warehouse.directory.mkdir()
    duckdb.connect(warehouse.published).close()
    with opened(warehouse) as connection, pytest.raises(JobError) as failure:
        ask(connection, sql)
    assert said in str(failure.value)


def test_an_unusable_directory_is_told_in_a_sentence(warehouse: Warehouse) -> None:
    warehouse.directory.write_text("a file")
    with pytest.raises(JobError, match="can't be used"), holding(warehouse, lock_timeout=0):
        pytest.fail("a file is no directory")


def test_a_directory_that_an_operator_opened_stays_open(warehouse: Warehouse) -> None:
    with holding(warehouse, lock_timeout=0):
        assert warehouse.directory.stat().st_mode & 0o777 == 0o700
    warehouse.directory.chmod(0o750)
    with holding(warehouse, lock_timeout=0):
        assert warehouse.directory.stat().st_mode & 0o777 == 0o750


def test_an_empty_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE__DIRECTORY", " ")
    with pytest.raises(UsageError, match=r"warehouse\.directory"):
        configured_warehouse()
