"""DigitalOcean's documents: lines without an id, the month beside each page, personal data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.sources.fetching import Fetched, account, fetched
from tests.sources.scripted import Request, Scripted, document, response

LISTED = [{"invoice_uuid": name, "amount": "3.00", "invoice_period": "2026-02"} for name in "ab"]
ITEMS = [
    {"product": "Droplets", "start_time": "2026-02-01T00:00:00Z", "amount": amount}
    for amount in ("1.00", "2.00", "2.00")
]
PERSON = {"user_name": "Sammy Shark", "user_email": "sammy@example.com", "user_company": "Sammy's"}


def serve(
    server: Scripted,
    items: dict[str, Sequence[dict[str, Any]]] | None = None,
    preview: object = None,
    **summary: Any,
) -> Fetched:
    def answer(request: Request) -> bytes:
        _, _, name = request.path.partition("/invoices/")
        if not name:
            return document({"invoices": LISTED, "invoice_preview": preview})
        if name.endswith("/summary"):
            stated = {"invoice_uuid": name.partition("/")[0], "amount": "3.00"}
            return document(stated | PERSON | summary)
        return document({"invoice_items": (items or {}).get(name, ITEMS)})

    server.requests.clear()
    server.answer = answer
    return fetched(account("digitalocean", server.url))


def lines(result: Fetched, invoice: str) -> dict[str, str]:
    """Amounts by key, without the summary."""
    return {
        row["document_key"]: json.loads(row["document"])["amount"]
        for row in result.rows["digitalocean", "line_items"]
        if row["listing"] == invoice and row["document_key"] != "summary"
    }


def test_lines_that_look_alike_are_all_there(server: Scripted) -> None:
    result = serve(server)
    for invoice in "ab":
        assert sorted(lines(result, invoice).values()) == ["1.00", "2.00", "2.00"]


def test_a_line_keeps_its_key_whatever_it_costs_and_wherever_it_stands(server: Scripted) -> None:
    """Also beside another invoice that has lines like it: no other listing tells its keys."""
    more = [{"product": "Volumes", "amount": "9.00"}, *ITEMS[:1]]
    before = serve(server, {"a": ITEMS[:1], "b": ITEMS})
    after = serve(server, {"a": [more[0], {**more[1], "amount": "1.50"}], "b": ITEMS[:2]})
    [key] = lines(before, "a")
    assert lines(after, "a")[key] == "1.50"
    assert len(lines(after, "a")) == 2
    assert key in lines(after, "b")
    assert lines(before, "b").keys() > lines(after, "b").keys()


@pytest.mark.parametrize("preview", [None, {}])
def test_a_team_without_a_running_month(server: Scripted, preview: object) -> None:
    result = serve(server, preview=preview)
    [row] = [row for row in result.rows["digitalocean", "invoices"] if row["listing"] == "upcoming"]
    assert row["document_key"] == ""


def test_the_running_month_has_one_key_and_is_asked_for_by_its_id(server: Scripted) -> None:
    versions = [
        serve(server, preview={**LISTED[0], "invoice_uuid": "c", "updated_at": updated_at})
        for updated_at in ("2026-02-02 00:00:00+00:00", "2026-02-03T00:00:00Z")
    ]
    assert any(request.path.endswith("/invoices/c") for request in server.requests)
    hashes = [
        (row["document_key"], row["version_hash"])
        for result in versions
        for row in result.rows["digitalocean", "invoices"]
        if row["listing"] == "upcoming"
    ]
    assert hashes[0] == hashes[1]
    assert hashes[0][0] == "upcoming"


def test_a_running_month_without_a_summary_has_no_lines_yet(server: Scripted) -> None:
    """Of an issued invoice it is a failure."""

    def answer(request: Request) -> bytes:
        _, _, name = request.path.partition("/invoices/")
        if not name:
            return document({"invoices": LISTED[:1], "invoice_preview": preview})
        return response('{"id": "not_found", "message": "no such invoice"}', "404 Not Found")

    preview = {**LISTED[0], "invoice_uuid": "c"}
    server.answer = answer
    result = fetched(account("digitalocean", server.url))
    assert "/invoices/a/summary" in result.error
    assert "/invoices/c/" not in result.error


def test_the_customers_data_is_in_no_table(server: Scripted) -> None:
    address = {"address_line1": "101 Shark Row"}
    result = serve(server, user_billing_address=address, taxes={"amount": "0.10"})
    kept = "".join(result.documents)
    assert '"taxes"' in kept
    assert "user_" not in kept
    assert "Shark" not in kept


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ({"invoice_uuid": "c"}, "is that of 'c'"),
        ({"invoice_uuid": None}, "states no invoice_uuid"),
    ],
)
def test_a_summary_of_another_invoice(server: Scripted, summary: dict[str, Any], said: str) -> None:
    assert said in serve(server, **summary).error


def test_items_that_are_none(server: Scripted) -> None:
    result = serve(server, {"a": ["an error"]})  # type: ignore[list-item]
    assert "there is an item that is no object" in result.error
    assert lines(result, "b")


def test_items_that_change_while_they_are_read_are_read_again(server: Scripted) -> None:
    """They are told apart by what they bill, since they have no id."""
    asked: list[int] = []
    pages = [[{"product": f"p{number}", "amount": "1.00"}] for number in range(3)]

    def answer(request: Request) -> bytes:
        if request.path.endswith("/summary"):
            return document({"invoice_uuid": "a"})
        if request.path.endswith("/invoices"):
            return document({"invoices": LISTED[:1]})
        page = int(request.query.get("page", "1"))
        asked.append(page)
        if len(asked) == 2:
            pages.insert(0, [{"product": "new", "amount": "1.00"}])
            del pages[2]
        following = {"next": f"{server.url}{request.path}?page={page + 1}"}
        return document(
            {
                "invoice_items": pages[page - 1],
                "links": {"pages": following if page < 3 else {}},
                "meta": {"total": 3},
            }
        )

    server.answer = answer
    result = fetched(account("digitalocean", server.url))
    assert result.results[0].error is None
    rows = result.rows["digitalocean", "line_items"]
    products = {json.loads(row["document"]).get("product") for row in rows}
    assert products == {None, "new", "p0", "p2"}
