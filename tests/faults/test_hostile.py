"""Documents and names that nobody should send: loaded, rejected with a reason, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pipelines.job.load import load
from pipelines.warehouse import details_held
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from sources import AccountResult, Fetch, WarehouseState, source
from sources.keys import id_key, scalar
from tests.faults.campaign import QUICK
from tests.sources.fetching import NOW, account
from tests.sources.scripted import Request, response, scripted
from tests.transforms.work_database import WorkDatabase, build_beside

TURSO = '{"invoice_number":"A","amount_due":%s,"due_date":"2024-01-31T00:00:00Z"}'
DATED = '{"invoice_number":"A","amount_due":"1.00","due_date":%s}'
NUMBERED = '{"invoice_number":%s,"amount_due":"1.00"}'
AMOUNT = "can't be read as an amount"

# document → the cents that it comes to, or a part of why it is rejected.
DOCUMENTS: dict[str, tuple[str, int | str]] = {
    "1e400 as text": (TURSO % '"1e400"', AMOUNT),
    "1e400 as a number": (TURSO % "1e400", AMOUNT),
    "10^30": (TURSO % f'"{10**30}"', AMOUNT),
    "-0": (TURSO % '"-0"', 0),
    "an amount that is a list": (TURSO % '["1.00"]', AMOUNT),
    "an amount that is SQL": (TURSO % '"1\'); DROP TABLE raw.turso__invoices; --"', AMOUNT),
    "a digit of another script": (TURSO % '"١٢"', AMOUNT),
    "NaN as text": (TURSO % '"NaN"', AMOUNT),
    "10 MB of text": ('{"amount_due":"1.00","invoice_number":"A","x":"' + "y" * 10**7 + '"}', 100),
    "the date 0000-00-00": (DATED % '"0000-00-00"', 100),
    "the year 9999": (DATED % '"9999-12-31T00:00:00Z"', 100),
    "epoch in milliseconds": (DATED % "1706659200000", 100),
    "a NUL in a number": (NUMBERED % '"A\\u0000B"', 100),
    "an escape sequence": (NUMBERED % '"\\u001b[2J"', 100),
    "a path": (NUMBERED % '"../../etc/passwd"', 100),
    "no object at all": ("7", "tells this document from others"),
}
# document that is kept otherwise than it came → how, and what it comes to.
REPLACED: dict[str, tuple[str, str, int | str]] = {
    "half an emoji in a key": (NUMBERED % '"\\ud800"', NUMBERED % '"\\ufffd"', 100),
    "deep nesting": (
        "[" * 100_000 + "]" * 100_000,
        "[" * 498 + '"' + "[" * 99_502 + "]" * 99_502 + '"' + "]" * 498,
        "tells this document from others",
    ),
}
KEPT = {**DOCUMENTS, **{name: (kept, result) for name, (_, kept, result) in REPLACED.items()}}
# answer → a part of the account's error.
ANSWERS: dict[str, tuple[str, str]] = {
    "NaN": ('{"invoices":[%s]}' % (TURSO % "NaN"), "no JSON"),
    "Infinity": ('{"invoices":[%s]}' % (TURSO % "-Infinity"), "no JSON"),
    "a comment": ('{"invoices":[] /* none */}', "no JSON"),
}
NAMES = (
    "o'brien",
    'a "quoted" one',
    "a/b",
    "../../etc/passwd",
    "..",
    "x'); DROP TABLE raw.turso__invoices; --",
    "two\nlines",
    "*?[a]{b}",
    "雪",
    "\x1b[2J",
)
GOOD = TURSO % '"12.34"'


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """All of it in one run; gives the results by account and the built work database."""

    def answer(request: Request) -> bytes:
        name = unquote(request.target.split("/")[3])
        if request.query["type"] == "upcoming":
            return response('{"invoices":[]}')
        if name in ANSWERS:
            return response(ANSWERS[name][0])
        document = {**DOCUMENTS, **REPLACED}.get(name, (GOOD, 0))[0]
        return response(f'{{"invoices":[{document}]}}')

    directory = tmp_path_factory.mktemp("hostile")
    warehouse = Warehouse(directory / "warehouse")
    with (
        scripted(answer) as server,
        holding(warehouse, lock_timeout=0),
        closing(connect(warehouse)) as connection,
    ):
        accounts = [
            account("turso", server.url, {"organization": name, "api_token": "token"}, name=name)
            for name in (*KEPT, *ANSWERS, *NAMES)
        ]
        with Fetch(accounts, WarehouseState(), now=NOW, retry=QUICK) as fetch:
            load(connection, warehouse.dlt_folder, [source("turso", fetch)])
            results = {each.account: each for each in fetch.results()}
            details_held.remember(connection, fetch.fetched_details(), fetch.failed_details())
        assert not build_beside(connection, started_at=NOW).has_errors
        assert {path.name for path in directory.iterdir()} == {"warehouse"}
        yield results, connection


Hostile = tuple[dict[str, AccountResult], duckdb.DuckDBPyConnection]


@pytest.mark.parametrize("name", KEPT)
def test_document(name: str, hostile: Hostile) -> None:
    results, connection = hostile
    assert results[name].error is None
    facts = "SELECT total_cents FROM marts.fct_invoices WHERE account = ?"
    reasons = "SELECT reason FROM marts.rejected_documents WHERE account = ?"
    cents = [row[0] for row in connection.execute(facts, [name]).fetchall()]
    rejected = [row[0] for row in connection.execute(reasons, [name]).fetchall()]
    expected = KEPT[name][1]
    if isinstance(expected, int):
        assert (cents, rejected) == ([expected], [])
    else:
        assert cents == []
        assert len(rejected) == 1
        assert expected in rejected[0]
    kept = connection.execute(
        "SELECT document FROM raw.turso__invoices WHERE account = ? AND document_key <> ''", [name]
    ).fetchall()
    assert kept == [(KEPT[name][0],)]


@pytest.mark.parametrize("name", ANSWERS)
def test_answer(name: str, hostile: Hostile) -> None:
    error = hostile[0][name].error or ""
    assert ANSWERS[name][1] in error
    assert "internal error" not in error


@pytest.mark.parametrize("name", NAMES)
def test_name(name: str, hostile: Hostile) -> None:
    results, connection = hostile
    assert results[name].error is None
    facts = "SELECT total_cents FROM marts.fct_invoices WHERE account = ?"
    assert connection.execute(facts, [name]).fetchall() == [(1234,)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200)
@given(value=json_values)
def test_any_value_has_a_key_or_none(value: object) -> None:
    """Whatever stands where an id should: a key, or none, and no crash."""
    document = json.dumps({"id": value}).encode()
    if b"NaN" in document or b"Infinity" in document:
        return
    key = id_key(document)
    assert key.text
    assert key.made == (scalar(document, "id") is None)


FIELDS = ("total", "billing_period_start", "billing_period_end", "paid", "overdue", "id")


@settings(
    max_examples=2,
    derandomize=True,
    phases=[
        Phase.explicit,
        Phase.generate,
    ],  # an example costs a build: too much to look for a smaller one
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@example(
    documents=[{"total": total} for total in (False, True, "false", 10**15, 10**15 + 0.01, "x")]
)
@given(documents=st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, json_values)),
                          min_size=60, max_size=60))  # fmt: skip
def test_any_document_is_a_fact_or_rejected(
    documents: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    work = WorkDatabase(Path(tmp_path_factory.mktemp("any"), "work.duckdb"))
    with closing(work.connection):
        for number, document in enumerate(documents):
            work.add("planetscale", json.dumps(document), key=str(number))
        assert not work.build().has_errors
        cents = {row["invoice_id"]: row["total_cents"] for row in work.invoices()}
        assert len(cents) + len(work.reasons()) == len(documents)
        assert set(cents.values()) <= {
            int((amount * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP"))
            for amount in map(_amount, documents)
            if amount is not None and abs(amount) <= 10**15
        }


def _amount(document: dict[str, Any]) -> Decimal | None:
    """A number, or a text that is one; a boolean is an int in Python alone."""
    total = document.get("total")
    if isinstance(total, bool) or not isinstance(total, (int, float, str)):
        return None
    try:
        amount = Decimal(str(total).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
