"""Lists whose pages say how many there are, and items that don't say whose they are: Linode's."""

from __future__ import annotations

import json

import pytest

from tests.sources.fetching import account, fetched
from tests.sources.scripted import Request, Scripted, document, response


def pages_of(entries: list[object], size: int, request: Request) -> bytes:
    """At most `size` a page, whatever is asked for."""
    number, pages = int(request.query["page"]), max(1, -(-len(entries) // size))
    shown = entries[(number - 1) * size : number * size]
    page = {"data": shown, "page": number, "pages": pages, "results": len(entries)}
    return document(page)


def numbers(server: Scripted, ending: str) -> list[str]:
    return sorted(each.query["page"] for each in server.requests if each.path.endswith(ending))


@pytest.mark.parametrize(("count", "size"), [(0, 2), (2, 2), (3, 2), (7, 2)])
def test_all_pages_are_read_and_none_past_the_last(server: Scripted, count: int, size: int) -> None:
    listed: list[object] = [{"id": number} for number in range(count)]

    def answer(request: Request) -> bytes:
        return pages_of([] if request.path.endswith("/items") else listed, size, request)

    server.answer = answer
    result = fetched(account("linode", server.url))
    assert result.results[0].error is None
    keys = {row["document_key"] for row in result.rows["linode", "invoices"]}
    assert keys - {""} == {str(number) for number in range(count)}
    expected = max(1, -(-count // size))
    # The first is read once more where there are several.
    assert numbers(server, "/invoices") == sorted(
        ["1"] * (expected > 1) + [str(n + 1) for n in range(expected)]
    )
    assert all(each.query["page_size"] == "500" for each in server.requests)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"page": 1, "pages": 1, "results": 2}, "the list has 1 documents, though it says that"),
        ({"page": 1, "pages": 2, "results": 2}, "leads back to a page already read"),
        ({"pages": 1, "results": 1}, "missing required field `page`"),
    ],
)
def test_a_list_that_contradicts_itself_fails(
    server: Scripted, page: dict[str, int], said: str
) -> None:
    server.answer = lambda _: document({"data": [{"id": 1}], **page})
    assert said in fetched(account("linode", server.url)).error


def test_the_pages_of_items_are_one_document(server: Scripted) -> None:
    items = ['{"amount": 1.10}', '{ "amount" : 0, "to": null }', '{"amount": "2"}']

    def answer(request: Request) -> bytes:
        if not request.path.endswith("/items"):
            return pages_of([{"id": 7}], 500, request)
        number = int(request.query["page"])
        head = f'"page": {number}, "pages": 2, "results": 3'
        return response(f'{{"data": [{", ".join(items[number * 2 - 2 : number * 2])}], {head}}}')

    server.answer = answer
    result = fetched(account("linode", server.url))
    assert result.results[0].error is None
    [row] = result.rows["linode", "invoice_details"]
    assert row["document"] == '{"data":[' + ",".join(items) + "]}"
    assert (row["listing"], row["document_key"]) == ("7", "7")
    assert numbers(server, "/invoices/7/items") == ["1", "1", "2"]


@pytest.mark.parametrize(
    "data", [[{"id": 1, "total": 2}], [{"amount": None}], [7], None, {"amount": 1}]
)
def test_what_is_no_list_of_items_is_not_believed(server: Scripted, data: object) -> None:
    def answer(request: Request) -> bytes:
        listed = data if request.path.endswith("/items") else [{"id": 7}]
        return response(json.dumps({"data": listed, "page": 1, "pages": 1, "results": 1}))

    server.answer = answer
    result = fetched(account("linode", server.url))
    assert result.rows["linode", "invoice_details"] == []
    assert result.failed_details["linode", "main"] == ["7"]
