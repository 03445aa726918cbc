"""`billhouse run` as a process, over HTTP, against the sandbox: a night, again, a month on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sandbox.registry import VENDORS
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import VENDORS as SOURCES
from tests.end_to_end.expectation import Fact, after, facts

ROOT = Path(__file__).resolve().parents[2]
MONTHS = 13


@dataclass(frozen=True)
class Night:
    """One finished run: what the process said, the facts it published, what was to be expected."""

    finished: subprocess.CompletedProcess[str]
    published: list[Fact]
    expected: list[Fact]
    requests: dict[str, int]
    results: list[dict[str, Any]]


@dataclass(frozen=True)
class Nights:
    first: Night
    again: Night
    month_later: Night
    warehouse: Path
    accounts: set[tuple[str, str]]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("nights")
    with running(World(months=MONTHS)) as sandbox:
        earlier = facts(sandbox.world, datetime.now(UTC))
        # PlanetScale's by-id account is configured once, as a person would have done it.
        variables = sandbox.environment()
        first = night(sandbox, variables, folder, list(earlier.values()))
        again = night(sandbox, variables, folder, list(earlier.values()))
        sandbox.advance(months=1)
        later = facts(sandbox.world, datetime.now(UTC))
        expected = after(earlier, configured(sandbox, variables, later))
        last = night(sandbox, variables, folder, expected)
        accounts = {
            (vendor, account.name)
            for vendor in VENDORS
            for account in sandbox.world.accounts(vendor)
        }
        yield Nights(first, again, last, folder, accounts)


def configured(
    sandbox: Sandbox, variables: dict[str, str], found: dict[tuple[str, str, str], Fact]
) -> dict[tuple[str, str, str], Fact]:
    """Without the invoices that came after the configuration named the ones to load."""
    named = {
        account["name"]: account["invoice_ids"]
        for account in json.loads(variables["SOURCES__PLANETSCALE__ACCOUNTS"])
        if "invoice_ids" in account
    }
    return {
        key: fact for key, fact in found.items() if key[1] not in named or key[2] in named[key[1]]
    }


def night(sandbox: Sandbox, variables: dict[str, str], folder: Path, expected: list[Fact]) -> Night:
    sandbox.reset_requests()
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pipelines.cli", "run", "--log-format", "json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    with duckdb.connect(folder / "warehouse" / "billhouse.duckdb", read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        published = read_facts(connection)
        results = read_rows(
            connection,
            "FROM load_results WHERE started_at = (SELECT max(started_at) FROM load_results)",
        )
    return Night(finished, published, expected, sandbox.requests, results)


def read_rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = connection.execute(query)
    columns = [column[0] for column in result.description or []]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def read_facts(connection: duckdb.DuckDBPyConnection) -> list[Fact]:
    columns = [field.name for field in fields(Fact)]
    rows = read_rows(
        connection, "SELECT *, delisted_at IS NOT NULL AS is_delisted FROM fct_invoices"
    )
    return [Fact(**{column: row[column] for column in columns}) for row in rows]


def in_order(found: list[Fact]) -> list[Fact]:
    return sorted(found, key=repr)


@pytest.mark.parametrize("name", ["first", "again", "month_later"])
def test_facts_are_what_the_world_says(nights: Nights, name: str) -> None:
    night: Night = getattr(nights, name)
    assert in_order(night.published) == in_order(night.expected)


def test_the_world_is_varied_enough_to_tell(nights: Nights) -> None:
    statuses = {fact.payment_status for fact in nights.month_later.published}
    assert statuses == {
        *("upcoming", "open", "past_due", "failed", "paid"),
        *("no_charge", "written_off", "void", "unknown"),
    }
    assert any(fact.is_delisted for fact in nights.month_later.published)
    currencies = {fact.currency for fact in nights.first.published}
    assert currencies == {"USD", "GBP", "EUR", "CRDB_CLOUD_CREDITS"}


def test_a_second_run_writes_no_new_version_and_says_so(nights: Nights) -> None:
    assert sum(result["new_versions"] for result in nights.first.results) > 0
    assert sum(result["new_versions"] for result in nights.again.results) == 0
    assert sum(result["documents"] for result in nights.again.results) > 0
    assert "nothing changed" in nights.again.finished.stdout + nights.again.finished.stderr


def test_unchanged_invoices_get_no_detail_request_unless_they_accrue(nights: Nights) -> None:
    def details(night: Night) -> int:
        routes = ("{invoiceId}", "line-items", "/lines", "/charges", "/details", "/summary")
        return sum(
            n for route, n in night.requests.items() if any(part in route for part in routes)
        )

    # What still accrues changes while its row in the list doesn't.
    accruing = [
        fact
        for fact in nights.again.expected
        if fact.payment_status == "upcoming" and len(SOURCES[fact.vendor].entities) > 1
    ]
    assert details(nights.first) > 100
    assert details(nights.again) == len(accruing) > 0
    assert len(accruing) < details(nights.month_later) < details(nights.first) / 2


def test_every_account_has_a_result(nights: Nights) -> None:
    for night in (nights.first, nights.again, nights.month_later):
        assert {(each["vendor"], each["account"]) for each in night.results} == nights.accounts
        assert len(night.results) == len(nights.accounts)
        assert {result["outcome"] for result in night.results} == {"ok"}
        assert sum(result["requests"] for result in night.results) == sum(night.requests.values())


def test_logs_are_json_lines(nights: Nights) -> None:
    lines = [json.loads(line) for line in nights.first.finished.stderr.splitlines()]
    assert {"time", "level", "event"} <= set(lines[0])
    assert lines[-1]["event"] == "run_finished"
    later = [json.loads(line) for line in nights.month_later.finished.stderr.splitlines()]
    assert len({line["run_id"] for line in later}) == 1
    told = [line for line in later if line["event"] == "invoice_changed"]
    assert len(told) == min(20, later[-1]["invoice_changes"]) > 0
    assert {"vendor", "account", "invoice", "kind", "before", "after"} <= told[0].keys()
