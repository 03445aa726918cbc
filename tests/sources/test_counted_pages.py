"""Lists whose end nothing but a count tells, and details that come in pages: Scaleway's."""

from __future__ import annotations

import pytest

from tests.sources.fetching import account, fetched
from tests.sources.scripted import Request, Scripted, document, response


def serve(server: Scripted, count: int, *, size: int, told: int | None = None) -> None:
    """So many invoices, at most `size` a page, whatever is asked for."""

    def answer(request: Request) -> bytes:
        if request.path.endswith("/charges"):
            return document({"charges": [], "next_page_token": ""})
        start = (int(request.query["page"]) - 1) * size
        shown = [{"id": str(number)} for number in range(start, min(start + size, count))]
        return document({"total_count": count if told is None else told, "invoices": shown})

    server.requests.clear()
    server.answer = answer


def pages(server: Scripted) -> list[str]:
    return [each.query["page"] for each in server.requests if each.path.endswith("/invoices")]


@pytest.mark.parametrize(("count", "size"), [(0, 100), (100, 100), (101, 100), (300, 100), (7, 2)])
def test_all_pages_are_read_and_none_past_the_last(server: Scripted, count: int, size: int) -> None:
    serve(server, count, size=size)
    result = fetched(account("scaleway", server.url))
    assert result.results[0].error is None
    keys = {row["document_key"] for row in result.rows["scaleway", "invoices"]}
    assert keys - {""} == {str(number) for number in range(count)}
    expected = max(1, -(-count // size))
    # The first is read once more where there are several.
    assert sorted(pages(server)) == sorted(
        ["1"] * (expected > 1) + [str(n + 1) for n in range(expected)]
    )


def test_a_count_that_is_not_met_fails_the_listing(server: Scripted) -> None:
    serve(server, 3, size=100, told=4)
    result = fetched(account("scaleway", server.url))
    assert "the list has 3 documents, though it says that there are 4" in result.error


def serve_charges(server: Scripted, *answers: bytes) -> None:
    remaining = list(answers)

    def answer(request: Request) -> bytes:
        if request.path.endswith("/charges"):
            return remaining.pop(0)
        return document({"total_count": 1, "invoices": [{"id": "a"}]})

    server.requests.clear()
    server.answer = answer


def test_the_pages_of_a_detail_are_one_document(server: Scripted) -> None:
    serve_charges(
        server,
        response('{"charges": [{"price": 1.10}, {"invoice_id": "a"}], "next_page_token": "t"}'),
        response('{"charges": [ { "price" : 2 } ], "next_page_token": ""}'),
    )
    result = fetched(account("scaleway", server.url))
    [row] = result.rows["scaleway", "invoice_details"]
    assert row["document"] == '{"charges":[{"price": 1.10},{"invoice_id": "a"},{ "price" : 2 }]}'
    asked = [each.query for each in server.requests if each.path.endswith("/charges")]
    assert [each.get("page_token") for each in asked] == [None, "t"]
    assert {each["invoice_ids"] for each in asked} == {"a"}


@pytest.mark.parametrize(
    "body",
    [
        '{"charges": [{"invoice_id": "b"}], "next_page_token": ""}',
        '{"charges": [7], "next_page_token": ""}',
        '{"charges": null}',
        '{"type": "unknown_resource", "message": "no"}',
    ],
)
def test_charges_of_another_invoice_are_not_believed(server: Scripted, body: str) -> None:
    serve_charges(server, response(body))
    result = fetched(account("scaleway", server.url))
    assert result.rows["scaleway", "invoice_details"] == []
    assert result.failed_details["scaleway", "main"] == ["a"]
