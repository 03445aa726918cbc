"""What becomes of details from run to run, in a whole warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import duckdb
import msgspec
import pendulum
import pytest

from pipelines.job import run as job
from pipelines.job.result import RunResult
from pipelines.warehouse import state
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from tests.sources.fetching import account
from tests.sources.scripted import Request, Scripted, document, response, scripted

MONTH = pendulum.now("UTC").start_of("month")
PENDING = {"startDate": f"{MONTH}", "endDate": f"{MONTH.add(months=1)}", "statusName": "PENDING"}
PAID = {"startDate": "2025-01-01", "endDate": "2025-02-01", "statusName": "PAID"}
AMOUNTS = {"amountBilledCents": 300, "subtotalCents": 300, "salesTaxCents": 0, "creditsCents": 0}


def invoice(key: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"id": key, **AMOUNTS, **more}


def line(sku: str, cents: object) -> dict[str, Any]:
    return {"sku": sku, "totalPriceCents": cents}


class Vendor:
    """MongoDB with these invoices; what stands in `answers` is answered instead of a detail."""

    def __init__(self, server: Scripted) -> None:
        self.server = server
        self.invoices: list[dict[str, Any]] = []
        self.lines: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[str, bytes] = {}
        server.answer = self

    def __call__(self, request: Request) -> bytes:
        key = request.path.rpartition("/invoices")[2].lstrip("/")
        if not key:
            return self.answers.get("", document({"results": self.invoices}))
        (listed,) = (each for each in self.invoices if each["id"] == key)
        whole = document({**listed, "lineItems": self.lines.get(key, [])})
        return self.answers.get(key, whole)

    @property
    def asked(self) -> list[str]:
        """The details that were asked for since this was read last."""
        names = [each.path.rpartition("/invoices/")[2] for each in self.server.requests]
        self.server.requests.clear()
        return [name for name in names if "/" not in name]


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with scripted() as server:
        yield Vendor(server)


@pytest.fixture
def run(vendor: Vendor, warehouse: Warehouse) -> Callable[..., RunResult]:
    def once(*, details: bool = True, full_refresh: bool = False) -> RunResult:
        chosen = account("mongodb", vendor.server.url)
        settings = msgspec.structs.replace(chosen.settings, details=details)
        accounts = [replace(chosen, settings=settings)]
        return job.run(warehouse, accounts, listener=lambda _: None, full_refresh=full_refresh)

    return once


Run = Callable[..., RunResult]


def skus(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Of the lines that are published."""
    with duckdb.connect(str(warehouse.published), read_only=True) as published:
        return published.execute(
            "SELECT sku, amount_cents FROM fct_invoice_lines WHERE record_type = 'line'"
            " ORDER BY ALL"
        ).fetchall()


def loads(warehouse: Warehouse) -> int:
    with closing(connect(warehouse)) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM raw._dlt_loads").fetchall()
    return int(count)


def test_a_detail_that_fails_for_ever_does_not_stop_publishing(
    vendor: Vendor, run: Run, warehouse: Warehouse
) -> None:
    vendor.invoices = [invoice("a", PAID), invoice("b", PAID)]
    vendor.lines = {"b": [line("X", 300)]}
    vendor.answers = {"a": response("{}", "404 Not Found")}
    # The second time nothing is new, and still the listing came whole.
    assert [run().exit_code for _ in range(2)] == [3, 3]
    assert skus(warehouse) == [("X", 300)]
    with duckdb.connect(str(warehouse.published), read_only=True) as published:
        outcomes = published.execute("SELECT DISTINCT outcome FROM load_results").fetchall()
    assert outcomes == [("failed",)]


def test_no_list_that_came_whole_publishes_nothing(
    vendor: Vendor, run: Run, warehouse: Warehouse
) -> None:
    vendor.answers = {"": response("{}", "403 Forbidden")}
    report = run()
    assert report.exit_code == 1
    assert "none of their lists came whole" in str(report.problem)
    assert not warehouse.published.exists()


def test_failures_are_remembered_before_any_detail_came(
    vendor: Vendor, run: Run, warehouse: Warehouse
) -> None:
    vendor.invoices = [invoice("a", PAID), invoice("b", PAID)]
    vendor.answers = dict.fromkeys("ab", response("{}", "404 Not Found"))
    run()
    with closing(connect(warehouse)) as connection:
        known = state.read_known(connection, {"mongodb": ("invoices", "invoice_details")})
    assert known.details["mongodb", "main"].failed == ["a", "b"]


def test_a_rejected_detail_that_the_vendor_mends(
    vendor: Vendor, run: Run, warehouse: Warehouse
) -> None:
    vendor.invoices = [invoice("a", PAID), invoice("b", PAID)]
    vendor.lines = {"a": [line("X", "three dollars")], "b": [line("Y", 300)]}
    assert run().exit_code == 3
    before = loads(warehouse)
    assert run().exit_code == 3
    assert loads(warehouse) == before
    vendor.lines["a"] = [line("X", 300)]
    vendor.asked  # noqa: B018
    assert run().exit_code == 0
    assert vendor.asked == ["a"]
    assert skus(warehouse) == [("X", 300), ("Y", 300)]
    assert run().exit_code == 0
    assert vendor.asked == []


def test_lines_of_what_accrues_grow_while_its_row_stays(
    vendor: Vendor, run: Run, warehouse: Warehouse
) -> None:
    vendor.invoices = [invoice("a", PENDING), invoice("b", PAID)]
    vendor.lines = {"a": [line("X", 100)], "b": [line("Y", 300)]}
    run()
    vendor.lines["a"] = [line("X", 100), line("Z", 200)]
    vendor.asked  # noqa: B018
    run()
    assert vendor.asked == ["a"]
    assert skus(warehouse) == [("X", 100), ("Y", 300), ("Z", 200)]
    before = loads(warehouse)
    assert sum(each.new_versions for each in run().outcomes) == 0
    assert vendor.asked == ["a"]
    assert loads(warehouse) == before


@pytest.mark.parametrize(
    "wrong",
    [
        "{}",
        *(pytest.param(text, marks=pytest.mark.long) for text in ("[]", "null", '{"error":500}')),
        '{"id":"b"}',
    ],
)
def test_a_wrong_detail_leaves_the_good_one(
    vendor: Vendor, run: Run, warehouse: Warehouse, wrong: str
) -> None:
    vendor.invoices = [invoice("a", PAID)]
    vendor.lines = {"a": [line("X", 300)]}
    run()
    vendor.invoices = [invoice("a", {**PAID, "amountPaidCents": 300})]
    vendor.answers = {"a": response(wrong)}
    assert run().exit_code == 3
    assert skus(warehouse) == [("X", 300)]
    vendor.answers = {}
    vendor.lines = {"a": [line("Y", 300)]}
    assert run().exit_code == 0
    assert skus(warehouse) == [("Y", 300)]


def test_without_details_no_lines_of_an_earlier_version(
    vendor: Vendor, run: Run, warehouse: Warehouse
) -> None:
    vendor.invoices = [invoice("a", PAID), invoice("b", PAID)]
    vendor.lines = {"a": [line("X", 300)], "b": [line("Y", 300)]}
    run()
    vendor.invoices[0] = {**vendor.invoices[0], "amountPaidCents": 300}
    assert run(details=False).exit_code == 0
    assert skus(warehouse) == [("Y", 300)]
    before = loads(warehouse)
    run(details=False)
    assert loads(warehouse) == before
    vendor.lines["a"] = [line("Z", 300)]
    assert run().exit_code == 0
    assert skus(warehouse) == [("Y", 300), ("Z", 300)]
