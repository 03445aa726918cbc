"""The file that is published goes on from the one before, and is made again where it can't."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from pipelines.job import building
from pipelines.job.building import Built, build_and_publish
from pipelines.job.context import RunContext
from pipelines.transform import BuildResult, build, project
from pipelines.transform.as_of import opened_with_staging
from pipelines.transform.model import Query
from pipelines.warehouse import session
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from tests.pipelines.processes import Billhouse
from tests.transforms.test_readings import MONGODB
from tests.transforms.work_database import NIGHT, WorkDatabase


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    """Three invoices, published."""
    with holding(warehouse, lock_timeout=0), closing(connect(warehouse)):
        pass
    bring(warehouse, *"123")
    assert not night(warehouse).result.has_errors
    return warehouse


def bring(warehouse: Warehouse, *keys: str, cents: int = 726) -> None:
    """What a load leaves."""
    work = WorkDatabase(warehouse.work)
    with closing(work.connection):
        for key in keys:
            work.add("mongodb", MONGODB | {"id": key, "amountBilledCents": cents}, key=key)


def night(warehouse: Warehouse, day: int = 0) -> Built:
    with holding(warehouse, lock_timeout=0):
        return build_and_publish(
            RunContext(warehouse, f"night-{day}", NIGHT + timedelta(days=day), lambda _: None)
        )


def built(night: Built) -> dict[str, int]:
    return {each.name: each.rows for each in night.result.models}


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(warehouse.published, read_only=True)) as connection:
        return connection.execute(sql).fetchall()


NUMBERS = "SELECT invoice_number FROM fct_invoices ORDER BY ALL"


def test_only_what_is_new_is_built_and_readers_see_marts_alone(loaded: Warehouse) -> None:
    assert "marts.fct_invoices" not in built(night(loaded, 1))
    bring(loaded, "4")
    assert built(night(loaded, 2))["marts.fct_invoices"] == 1
    assert rows(loaded, NUMBERS) == [("1",), ("2",), ("3",), ("4",)]
    shown = {name for (name,) in rows(loaded, "SHOW TABLES")}
    marts = {each.name.removeprefix("marts.") for each in project.models() if each.is_mart}
    assert shown == marts | {"load_results", "audit_results", "fct_invoice_files"}
    assert {path.stem for path in loaded.parquet.iterdir()} == shown
    undescribed = rows(
        loaded,
        "SELECT table_name, column_name FROM duckdb_columns()"
        " WHERE schema_name = 'main' AND comment IS NULL AND NOT internal",
    )
    assert undescribed == []


def test_the_work_database_holds_no_tables_of_a_build(loaded: Warehouse) -> None:
    with closing(duckdb.connect(loaded.work)) as connection:
        connection.execute(
            "CREATE SCHEMA staging; CREATE TABLE staging.invoices AS SELECT 1 AS one;"
            "CREATE TABLE marts.fct_invoices AS SELECT 1 AS one;"
            "CREATE TABLE marts.alerts_sent AS SELECT 1 AS one;"
            "INSERT INTO marts.load_results BY NAME SELECT 'r' AS run_id, now() AS started_at,"
            " 'v' AS vendor, 'a' AS account, 'ok' AS outcome, 1 AS requests, 1 AS documents,"
            " 1 AS new_versions, 1 AS seconds, 1 AS run_number;"
            "CREATE MACRO is_date(value) AS true; CREATE TABLE main.publication AS SELECT 1 AS one"
        )
    assert not night(loaded, 1).result.has_errors
    with closing(duckdb.connect(loaded.work, read_only=True)) as connection:
        found = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        assert found == [
            ("main", "layout"),
            ("main", "published"),
            ("marts", "alerts_sent"),
            ("marts", "load_results"),
            ("raw", "mongodb__invoices"),
        ]
        macros = "SELECT count(*) FROM duckdb_functions() WHERE NOT internal"
        assert connection.execute(macros).fetchall() == [(0,)]
    assert rows(loaded, "SELECT run_id FROM load_results") == [("r",)]


@pytest.fixture
def broken_rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An audit that finds the fourth invoice."""
    with monkeypatch.context() as patch:
        query = "SELECT invoice_number FROM marts.fct_invoices WHERE invoice_number = '4'"
        patch.setattr(project, "audits", lambda _: [Query("never", query, "no fourth one")])
        yield patch


def test_a_build_that_breaks_a_rule_is_tried_again(
    loaded: Warehouse, broken_rule: pytest.MonkeyPatch
) -> None:
    before = loaded.published.read_bytes()
    bring(loaded, "4")
    for day in (1, 2):
        report = night(loaded, day)
        assert report.result.has_errors
        assert built(report)["marts.fct_invoices"] == 1
        assert loaded.published.read_bytes() == before
        assert not loaded.working_folder.exists()
    broken_rule.undo()
    assert built(night(loaded, 3))["marts.fct_invoices"] == 1
    assert len(rows(loaded, NUMBERS)) == 4


def test_an_audit_finds_what_no_build_has_touched(loaded: Warehouse) -> None:
    with closing(duckdb.connect(loaded.published)) as connection:
        connection.execute("UPDATE fct_invoice_lines SET amount_cents = 1")
    kept = loaded.published.stat()
    with closing(connect(loaded)) as connection:
        connection.execute(
            "CREATE OR REPLACE TABLE main.published AS SELECT ?::BIGINT AS size, ?::BIGINT AS m",
            [kept.st_size, kept.st_mtime_ns],
        )
    bring(loaded, "4")
    report = night(loaded, 1)
    assert report.result.has_errors
    assert {each.name for each in report.result.findings} >= {"lines_add_up", "months_add_up"}


def test_what_somebody_wrote_into_the_published_file_is_gone(loaded: Warehouse) -> None:
    with closing(duckdb.connect(loaded.published)) as connection:
        connection.execute("DELETE FROM fct_invoices")
    assert built(night(loaded, 1))["marts.fct_invoices"] == 3
    assert len(rows(loaded, NUMBERS)) == 3


def test_a_published_file_that_is_damaged_inside_is_made_again(loaded: Warehouse) -> None:
    found = loaded.published.stat()
    damaged = bytearray(loaded.published.read_bytes())
    damaged[3 * 4096 :] = os.urandom(len(damaged) - 3 * 4096)
    loaded.published.write_bytes(damaged)
    os.utime(loaded.published, ns=(found.st_atime_ns, found.st_mtime_ns))
    bring(loaded, "4")
    assert built(night(loaded, 1))["marts.fct_invoices"] == 4
    assert len(rows(loaded, NUMBERS)) == 4


def test_findings_are_published(loaded: Warehouse) -> None:
    assert rows(loaded, "FROM audit_results") == []
    with closing(duckdb.connect(loaded.work)) as connection:
        connection.execute(
            "UPDATE raw.mongodb__invoices SET valid_to = ? WHERE document_key = '1'", [NIGHT]
        )
    report = night(loaded, 1)
    assert not report.result.has_errors
    delisted = "FROM audit_results WHERE audit = 'delisted_invoices'"
    [(run_id, name, severity, message, count, first)] = rows(loaded, delisted)
    assert (run_id, name, severity, count) == ("night-1", "delisted_invoices", "warning", 1)
    assert message == "the vendor no longer lists an invoice that it issued"
    cents = rows(loaded, f"SELECT first_rows ->> '$[0].total_cents' {delisted}")
    assert cents == [("726",)], first
    night(loaded, 2)
    assert [row[0] != run_id for row in rows(loaded, delisted)] == [True]


def test_staging_is_there_to_be_asked(loaded: Warehouse, billhouse: Billhouse) -> None:
    with opened_with_staging(loaded) as connection:
        for query in (
            "SELECT count(*) FROM intermediate.invoice_versions",
            "SELECT count(*) FROM stg_mongodb__invoices",
            "SELECT count(*) FROM intermediate.invoice_readings",
            "SELECT count(*) FROM marts.fct_invoices",
            "SELECT count(DISTINCT invoice_id) FROM intermediate.invoices",
        ):
            assert connection.execute(query).fetchall() == [(3,)], query
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"ATTACH '{loaded.work.name}'")
    finished = billhouse("query", "--staging", "--format", "csv", "SELECT 1 AS one FROM refunds")
    assert (finished.returncode, finished.stdout) == (0, "one\n")
    both = billhouse("query", "--staging", "--as-of", "2026-01-01", "SELECT 1")
    assert both.returncode == 2
    assert "--staging" in both.stderr


def limits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In how much memory each build from now on is tried."""
    tried: list[str] = []

    def remembered(connection: duckdb.DuckDBPyConnection, **arguments: Any) -> BuildResult:
        tried.extend(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0])
        return build(connection, **arguments)

    monkeypatch.setattr(building, "build", remembered)
    return tried


def test_a_build_that_needs_more_memory_gets_it(
    loaded: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(loaded, "4")
    tried = limits(monkeypatch)
    monkeypatch.setattr(building, "MEMORY", "2MB")
    assert built(night(loaded, 1))["marts.fct_invoices"] == 1
    assert [each == "1.9 MiB" for each in tried] == [True, False]
    assert rows(loaded, NUMBERS) == [("1",), ("2",), ("3",), ("4",)]


def test_a_machine_of_little_memory_keeps_its_own_limit(
    loaded: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_a_small_machine(warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
        connection = connect(warehouse)
        connection.execute("SET memory_limit = '400MiB'")
        return connection

    monkeypatch.setattr(building, "connect", on_a_small_machine)
    tried = limits(monkeypatch)
    night(loaded, 1)
    assert tried == ["400.0 MiB"]


def test_no_bound_gives_a_machine_of_little_memory_more() -> None:
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '400MiB'")
        with session.at_most(connection, "1GB"):
            [limit] = connection.execute("SELECT current_setting('memory_limit')").fetchall()
        assert limit == ("400.0 MiB",)
