"""What a vendor says it doesn't have: no failure, and nothing to ask for again."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sources import ConfiguredAccount, WarehouseState
from sources.extract.due import KnownDetails
from tests.sources.fetching import account, fetched
from tests.sources.scripted import Request, Scripted, document, response

WHO = ("aiven", "main")
LISTED = [{"invoice_number": "a", "download_only": True}, {"invoice_number": "b"}]
NO_LINES = response(
    json.dumps({"errors": [{"error_code": "invoice_lines_not_supported", "status": 501}]}),
    "501 Not Implemented",
)
LINES = document({"lines": [{"line_type": "rounding", "total": "0.01"}]})


def serve(server: Scripted, lines: Callable[[str], bytes]) -> ConfiguredAccount:
    """A list of two invoices; `lines` answers for one of them by its number."""

    def answer(request: Request) -> bytes:
        if request.path.endswith("/lines"):
            return lines(request.path.split("/")[-2])
        return document({"invoices": LISTED})

    server.requests.clear()
    server.answer = answer
    return account("aiven", server.url)


def asked(server: Scripted) -> list[str]:
    return [each.path.split("/")[-2] for each in server.requests if each.path.endswith("/lines")]


def test_it_is_an_empty_listing_and_not_asked_for_again(server: Scripted) -> None:
    served = serve(server, lambda number: NO_LINES if number == "a" else LINES)
    first = fetched(served)
    assert first.results[0].error is None
    assert sorted(asked(server)) == ["a", "b"]
    rows = {row["listing"]: row for row in first.rows["aiven", "invoice_details"]}
    assert (rows["a"]["document_key"], rows["a"]["document"]) == ("", "null")
    assert rows["b"]["document_key"] == "b"
    assert sorted(first.details[WHO]) == ["a", "b"]

    server.requests.clear()
    known = WarehouseState(details={WHO: KnownDetails(first.details[WHO])})
    assert fetched(served, known=known).rows["aiven", "invoice_details"] == []
    assert asked(server) == []


@pytest.mark.parametrize(
    "other",
    [
        response('{"message": "Not implemented"}', "501 Not Implemented"),
        response(b"invoice_lines_not_supported", "404 Not Found"),
        response(b"invoice_lines_not_supported", "501 Not Implemented")[:-3],
    ],
    ids=["without the word", "another status", "a text that got lost"],
)
def test_anything_else_is_a_failure(server: Scripted, other: bytes) -> None:
    result = fetched(serve(server, lambda number: other if number == "a" else LINES))
    assert "a: GET /organization/acme/invoice/a/lines: answered " in result.error
    assert [row["listing"] for row in result.rows["aiven", "invoice_details"]] == ["b"]
    assert result.failed_details[WHO] == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "null",
        '{"lines":null}',
        '{"lines":[7]}',
        '{"lines":[{"total":"1.00"}]}',
        '{"lines":[],"errors":[{"message":"down","status":503}]}',
    ],
)
def test_what_is_no_list_of_lines_is_not_believed(server: Scripted, body: str) -> None:
    result = fetched(serve(server, lambda _: response(body)))
    assert result.rows["aiven", "invoice_details"] == []
    assert sorted(result.failed_details[WHO]) == ["a", "b"]


def test_a_secret_inside_a_document_is_not_kept(server: Scripted) -> None:
    listed = {"invoice_number": "a", "download_cookie": "open sesame"}
    server.answer = lambda request: (
        LINES if request.path.endswith("/lines") else document({"invoices": [listed]})
    )
    result = fetched(account("aiven", server.url))
    [row] = result.rows["aiven", "invoices"]
    assert row["document"] == '{"invoice_number":"a"}'
