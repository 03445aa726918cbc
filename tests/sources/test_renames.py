"""Which documents tell that an account was loaded under another name."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from sources import VENDORS, WarehouseState
from sources.extract.renames import FormerAccount, fingerprints
from tests.sources.fetching import Fetched, account, fetched
from tests.sources.scripted import Request, Scripted, document

PERIODS = [(1782864000, 1785542400), (1785542400, 1788220800)]


def first_load(server: Scripted, *totals: str) -> Fetched:
    """Of an account whose invoices bear no id, where a former one listed the same documents."""
    documents = [
        (f"{start}/{end}", {"period": {"start": start, "end": end}, "total": total})
        for (start, end), total in zip(PERIODS, totals, strict=True)
    ]

    def answer(_: Request) -> bytes:
        return document({"data": {"invoices": [one for _, one in documents]}})

    server.answer = answer
    held = [(key, json.dumps(one).encode()) for key, one in documents]
    former = fingerprints(VENDORS["northflank"], held)
    chosen = account("northflank", server.url)
    chosen = replace(chosen, settings=msgspec.structs.replace(chosen.settings, details=False))
    known = WarehouseState(former_accounts={("northflank", "main"): [FormerAccount("old", former)]})
    return fetched(chosen, known=known)


@pytest.mark.parametrize("totals", [("0.00", "0"), ("0.0", "0e0")])
def test_accounts_that_owe_nothing_are_not_taken_for_one_another(
    server: Scripted, totals: tuple[str, str]
) -> None:
    result = first_load(server, *totals)
    assert [each.outcome for each in result.results] == ["ok"]
    assert len(result.rows["northflank", "invoices"]) == 2


def test_one_sum_that_is_the_same_tells(server: Scripted) -> None:
    assert "rename-account northflank old main" in first_load(server, "0.00", "10.50").error
