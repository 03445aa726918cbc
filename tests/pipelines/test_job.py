from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.configuration import Configuration
from pipelines.errors import JobError
from pipelines.job import run as job
from pipelines.job.events import Event
from pipelines.job.result import RunResult
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from sandbox.registry import VENDORS
from sandbox.server import Sandbox
from tests.pipelines.processes import ROOT, Billhouse
from tests.support.asked_again import REQUESTS_FOR_DETAILS

events: list[Event] = []


def run(
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    variables: Mapping[str, str],
    *,
    full_refresh: bool = False,
) -> RunResult:
    events.clear()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return job.run(
        warehouse, Configuration().accounts(), listener=events.append, full_refresh=full_refresh
    )


def published(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    """Read a copy: one process shares a database between all who open the same path."""
    copy = shutil.copyfile(warehouse.published, warehouse.directory.parent / "copy.duckdb")
    with closing(duckdb.connect(copy, read_only=True)) as connection:
        return connection.execute(sql).fetchall()


def with_wrong_token(sandbox: Sandbox, account: int) -> dict[str, str]:
    variables = sandbox.environment(["turso"])
    accounts = json.loads(variables["SOURCES__TURSO__ACCOUNTS"])
    accounts[account]["api_token"] = "a-wrong-and-secret-token"
    return {**variables, "SOURCES__TURSO__ACCOUNTS": json.dumps(accounts)}


def test_all_vendors_twice(
    warehouse: Warehouse, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(warehouse, monkeypatch, shared_sandbox.environment())
    assert first.exit_code == 0
    assert {each.vendor for each in first.outcomes} == set(VENDORS)
    invoices = published(warehouse, "FROM fct_invoices ORDER BY invoice_id")
    assert invoices

    shared_sandbox.reset_requests()
    second = run(warehouse, monkeypatch, shared_sandbox.environment())
    assert second.exit_code == 0
    assert sum(each.new_versions + each.closed_versions for each in second.outcomes) == 0
    routes = shared_sandbox.requests
    asked = sum(count for route, count in routes.items() if "{invoice" in route.lower())
    assert [(asked,)] == published(warehouse, REQUESTS_FOR_DETAILS)
    assert published(warehouse, "FROM fct_invoices ORDER BY invoice_id") == invoices
    assert published(warehouse, "SELECT DISTINCT run_id FROM load_results ORDER BY ALL") == sorted(
        [(first.run_id,), (second.run_id,)]
    )


def test_a_month_later_what_changed_is_loaded(
    warehouse: Warehouse, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(warehouse, monkeypatch, sandbox.environment())
    [(before,)] = published(warehouse, "SELECT count(*) FROM fct_invoices")
    sandbox.advance()
    report = run(warehouse, monkeypatch, sandbox.environment())
    [(after,)] = published(warehouse, "SELECT count(*) FROM fct_invoices")
    assert after > before
    assert sum(each.new_versions for each in report.outcomes) >= after - before


def test_one_failed_account_leaves_the_others_loaded(
    warehouse: Warehouse, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = run(warehouse, monkeypatch, with_wrong_token(shared_sandbox, 0))
    assert report.exit_code == 3
    assert [each.outcome for each in report.outcomes] == ["failed", "ok", "ok", "ok"]
    [(count,)] = published(warehouse, "SELECT count(DISTINCT account) FROM fct_invoices")
    assert count == 1
    [(error,)] = published(warehouse, "SELECT error FROM load_results WHERE outcome = 'failed'")
    assert "401" in error
    told = " ".join(event.message for event in events)
    assert "a-wrong-and-secret-token" not in f"{error} {told} {report}"


def test_when_every_account_fails_nothing_is_published(
    warehouse: Warehouse, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(warehouse, monkeypatch, shared_sandbox.environment(["turso"]))
    before = warehouse.published.read_bytes()
    variables = with_wrong_token(shared_sandbox, 0)
    [account, *_] = json.loads(variables["SOURCES__TURSO__ACCOUNTS"])
    report = run(
        warehouse, monkeypatch, {**variables, "SOURCES__TURSO__ACCOUNTS": json.dumps([account])}
    )
    assert report.exit_code == 1
    assert report.problem is not None
    assert "nothing was published" in report.problem
    assert warehouse.published.read_bytes() == before


def test_no_secret_reaches_a_file(
    warehouse: Warehouse, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {**shared_sandbox.environment(), **with_wrong_token(shared_sandbox, 0)}
    run(warehouse, monkeypatch, variables)
    words = {
        value
        for name, accounts in variables.items()
        if name.endswith("__ACCOUNTS")
        for account in json.loads(accounts)
        for key, value in account.items()
        if key in ("api_token", "api_key", "private_key", "client_secret", "service_token")
    }
    assert len(words) > 5
    files = [path for path in warehouse.directory.rglob("*") if path.is_file()]
    found = [word for path in files for word in words if word.encode() in path.read_bytes()]
    assert found == []


def test_a_rejected_document_shows_in_the_exit_code(
    warehouse: Warehouse, shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(warehouse, monkeypatch, shared_sandbox.environment(["turso"]))
    with closing(connect(warehouse)) as connection:
        connection.execute(
            'UPDATE raw.turso__invoices SET document = \'{"amount_due": "ten"}\''
            " WHERE version_hash = (SELECT max(version_hash) FROM raw.turso__invoices)"
        )
    report = job.rebuild(warehouse, listener=events.append)
    assert report.exit_code == 3
    assert [each.entity for each in report.rejected] == ["invoices"]
    assert report.rejected[0].reason


def test_an_error_audit_stops_publishing(
    warehouse: Warehouse,
    shared_sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    billhouse: Billhouse,
) -> None:
    run(warehouse, monkeypatch, shared_sandbox.environment(["turso"]))
    before = warehouse.published.read_bytes()
    for folder in ("pipelines", "sources", "transforms"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "transforms/audits/never.sql").write_text(
        "-- error: there may be no invoice at all\nSELECT invoice_number FROM marts.fct_invoices\n"
    )
    finished = billhouse("rebuild", variables={"PYTHONPATH": str(tmp_path)})
    assert finished.returncode == 1
    assert "never: there may be no invoice at all" in finished.stdout
    assert finished.stderr.count("so nothing was published") == 1
    assert warehouse.published.read_bytes() == before


def test_a_rebuild_without_a_warehouse(warehouse: Warehouse) -> None:
    with pytest.raises(JobError, match="billhouse run"):
        job.rebuild(warehouse, listener=events.append)
    assert not warehouse.directory.exists()
