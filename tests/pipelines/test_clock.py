"""A clock that was ahead for one night, or went back: nothing is out of order, and it is told."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from pipelines.job.moments import moment_of_load
from pipelines.report.status import freshness
from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse import load_results
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.load_results import AccountOutcome
from sandbox.server import Sandbox
from tests.pipelines.test_job import events, published, run

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
TABLES = ("raw.turso__invoices", "raw.mongodb__invoices", "raw.mongodb__invoice_details")


def ahead(warehouse: Warehouse) -> None:
    """Make what is there the work of a clock that was five years ahead."""
    with closing(connect(warehouse)) as connection:
        for table in TABLES:
            connection.execute(
                f"UPDATE {table} SET valid_from = valid_from + INTERVAL 5 YEAR,"
                " valid_to = valid_to + INTERVAL 5 YEAR"
            )
        connection.execute(
            "UPDATE marts.load_results SET started_at = started_at + INTERVAL 5 YEAR"
        )
        for table in ("_dlt_version", "_dlt_loads"):
            connection.execute(
                f"UPDATE raw.{table} SET inserted_at = inserted_at + INTERVAL 5 YEAR"
            )


def out_of_order(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Versions that end before they begin, or begin before the one that they follow ended."""
    with closing(connect(warehouse)) as connection:
        return [
            row
            for table in TABLES
            for row in connection.execute(
                f"""
                SELECT account, listing, document_key, valid_from, valid_to,
                       lag(coalesce(valid_to, 'infinity')) OVER versions AS ended
                FROM {table}
                WINDOW versions AS (
                    PARTITION BY account, listing, document_key ORDER BY valid_from
                )
                QUALIFY valid_to <= valid_from OR valid_from < ended
                """
            ).fetchall()
        ]


def test_versions_stay_in_order_after_a_night_ahead(
    warehouse: Warehouse, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = sandbox.environment(["turso", "mongodb"])
    run(warehouse, monkeypatch, variables)
    assert not [event for event in events if event.name == "clock_went_back"]
    ahead(warehouse)
    for _ in range(2):
        sandbox.advance()
        report = run(warehouse, monkeypatch, variables)
        assert report.exit_code in (0, 3)
        [told] = [event for event in events if event.name == "clock_went_back"]
        assert told.level == "warning"
        assert sum(each.new_versions for each in report.outcomes)
        assert sum(each.closed_versions for each in report.outcomes)
        assert out_of_order(warehouse) == []
    quiet = run(warehouse, monkeypatch, variables)
    assert sum(each.new_versions + each.closed_versions for each in quiet.outcomes) == 0
    assert not quiet.changes
    overlaps = """
        SELECT * FROM fct_payment_status_history
        QUALIFY valid_from < lag(coalesce(valid_to, 'infinity')) OVER (
            PARTITION BY invoice_id ORDER BY valid_from
        )
    """
    assert published(warehouse, overlaps) == []
    runs = "SELECT DISTINCT run_number FROM load_results ORDER BY ALL"
    assert published(warehouse, runs) == [(1,), (2,), (3,), (4,)]


def outcome(account: str, *, error: str | None = None) -> AccountOutcome:
    result = "ok" if error is None else "failed"
    return AccountOutcome("turso", account, result, 1, 1, 0, 0, 0.1, error, 1)


@pytest.fixture
def work(warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
    warehouse.directory.mkdir()
    connection = connect(warehouse)
    load_results.create(connection)
    return connection


def failed_accounts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = (TRANSFORMS / "alerts" / "account_failed.sql").read_text(encoding="utf-8")
    return sorted(key for key, _ in connection.execute(query).fetchall())


@pytest.mark.parametrize("other", [NOW + timedelta(days=1800), NOW - timedelta(days=18000)])
def test_the_newest_run_is_the_last_one(
    other: datetime, work: duckdb.DuckDBPyConnection, warehouse: Warehouse
) -> None:
    load_results.add(work, "a", NOW, [outcome("acme"), outcome("beta", error="403")])
    load_results.add(work, "b", other, [outcome("acme"), outcome("beta")])
    assert failed_accounts(work) == []
    load_results.add(work, "c", NOW, [outcome("acme", error="401"), outcome("beta")])
    assert failed_accounts(work) == ["turso/acme"]
    work.close()
    accounts = freshness(warehouse).accounts
    last = {each["account"]: each for each in accounts}
    assert last["acme"]["last_outcome"] == "failed"
    assert last["acme"]["is_ahead"] == (other > NOW)
    assert not last["beta"]["is_ahead"]
    failed = [each for each in accounts if each["failed_position"]]
    failed.sort(key=lambda each: -each["failed_position"])
    assert [each["last_error"] for each in failed] == ["401", "403"]


def test_the_runs_of_an_older_warehouse_are_numbered(work: duckdb.DuckDBPyConnection) -> None:
    for name, days in (("b", 2), ("a", 1), ("c", 3)):
        moment = NOW + timedelta(days=days)
        load_results.add(work, name, moment, [outcome("acme"), outcome("beta")])
    work.execute("ALTER TABLE marts.load_results DROP COLUMN run_number")
    for _ in range(2):
        load_results.create(work)
        assert work.execute(
            "SELECT DISTINCT run_id, run_number FROM marts.load_results ORDER BY run_number"
        ).fetchall() == [("a", 1), ("b", 2), ("c", 3)]
    load_results.add(work, "d", NOW, [outcome("acme")])
    assert work.execute(
        "SELECT run_number FROM marts.load_results WHERE run_id = 'd'"
    ).fetchall() == [(4,)]


def test_when_a_clock_is_told_of(work: duckdb.DuckDBPyConnection) -> None:
    assert moment_of_load(work, NOW).warning() is None
    load_results.add(work, "a", NOW + timedelta(seconds=2), [outcome("acme")])
    assert moment_of_load(work, NOW).warning() is None
    load_results.add(work, "b", NOW + timedelta(days=1), [outcome("acme")])
    moment = moment_of_load(work, NOW)
    assert (moment.at, moment.is_moved) == (NOW, False)
    warning = moment.warning()
    assert warning is not None
    assert "2026-11-02 02:00 UTC" in warning.message
    work.execute("CREATE SCHEMA raw")
    work.execute("CREATE TABLE raw.x__invoices (valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ)")
    newest = NOW + timedelta(days=3)
    work.execute("INSERT INTO raw.x__invoices VALUES (?, ?)", [NOW, newest])
    assert moment_of_load(work, NOW).at == newest + timedelta(microseconds=1)
