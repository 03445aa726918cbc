"""The sums that every measured program is checked by are those of the documents served."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from benchmarks.__main__ import main
from benchmarks.cases import CASES
from benchmarks.documents import Ledger
from benchmarks.page_server import INVOICES_PATH, serving


def read(url: str | None) -> list[dict[str, Any]]:
    invoices: list[dict[str, Any]] = []
    while url:
        page = httpx.get(url).raise_for_status().json()
        invoices += page["results"]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    return invoices


@pytest.mark.parametrize("count", [1, 100, 250])
def test_pages_hold_each_invoice_once_and_the_stated_sum(count: int) -> None:
    with serving(Ledger(count)) as server:
        invoices = read(server.url + INVOICES_PATH)
    assert len({each["id"] for each in invoices}) == len(invoices) == count
    assert sum(each["amountBilledCents"] for each in invoices) == server.cents


def test_a_revision_changes_every_so_manieth_invoice() -> None:
    before = Ledger(250, changed_every=100)
    after = replace(before, revision=1)
    differing = [n for n in range(250) if before.document(n) != after.document(n)]
    assert differing == [0, 100, 200]
    assert after.cents > before.cents


def test_lines_add_up_to_their_invoice() -> None:
    ledger = Ledger(3, lines=100, revision=1, changed_every=3)
    documents = [msgspec.json.decode(ledger.detail(number)) for number in range(3)]
    assert sum(len(each["lineItems"]) for each in documents) == 100
    for each in documents:
        net = sum(line["totalPriceCents"] - line["discountCents"] for line in each["lineItems"])
        assert net == each["subtotalCents"]
        assert each["subtotalCents"] + each["salesTaxCents"] == each["amountBilledCents"]


def test_latency_comes_before_each_answer() -> None:
    with serving(Ledger(1), latency=0.05) as server:
        response = httpx.get(server.url + INVOICES_PATH)
    assert response.elapsed.total_seconds() >= 0.05


def test_an_unknown_case_is_refused_with_the_list_of_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "dayly"])
    assert main() == 2
    said = capsys.readouterr().out
    assert "dayly" in said
    assert all(name in said for name in CASES)
