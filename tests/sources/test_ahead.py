"""Pages read ahead: the documents of one after the other, side by side, and little in vain."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.client.prefetch import WIDEST
from tests.sources.fetching import account, fetched
from tests.sources.scripted import Request, Scripted, document, response


def serve(
    server: Scripted, pages: int, *, past_the_end: bytes | None = None, latency: float = 0.0
) -> None:
    """A list of `pages` pages with one invoice each; behind its end, what `past_the_end` says."""

    def answer(request: Request) -> bytes:
        time.sleep(latency)
        number = int(request.query.get("page", "1"))
        if "line-items" in request.path:
            return document({"data": [], "next_page": None})
        if number > pages:
            return past_the_end or document({"data": [], "next_page": None})
        following = number + 1 if number < pages else None
        return document({"data": [{"id": f"{number}"}], "next_page": following})

    server.requests.clear()
    server.answer = answer


def listed(server: Scripted) -> list[int]:
    """The numbers of the list's pages that were asked for."""
    return [int(r.query.get("page", "1")) for r in server.requests if "line-items" not in r.path]


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(pages=st.integers(1, 40))
def test_every_page_counts_once(server: Scripted, pages: int) -> None:
    serve(server, pages, past_the_end=response("nothing here", "404 Not Found"))
    result = fetched(account("planetscale", server.url))
    assert result.results[0].error is None
    keys = [row["document_key"] for row in result.rows["planetscale", "invoices"]]
    assert keys == [str(number) for number in range(1, pages + 1)]
    asked = listed(server)
    again = [1] if pages > 1 else []
    assert len(asked) == len(set(asked)) + len(again)
    assert len(asked) <= min(2 * pages, pages + WIDEST) + len(again)


@pytest.mark.parametrize(("pages", "asked"), [(1, [1]), (2, [1, 2, 1])])
def test_a_short_list_costs_no_request_in_vain(
    server: Scripted, pages: int, asked: list[int]
) -> None:
    serve(server, pages)
    fetched(account("planetscale", server.url))
    assert listed(server) == asked


def test_the_vendors_guess_is_never_the_end(server: Scripted) -> None:
    def answer(request: Request) -> bytes:
        number = int(request.query.get("pageNum", "1"))
        if "itemsPerPage" not in request.query:
            return document({"id": request.path.rpartition("/")[2]})
        link = f"{server.url}{request.path}?itemsPerPage=500&viewLinkedInvoices=false&pageNum="
        links = [{"rel": "next", "href": f"{link}{number + 1}"}] if number < 12 else []
        return document({"results": [{"id": f"{number}"}], "links": links, "totalCount": 3})

    server.answer = answer
    result = fetched(account("mongodb", server.url))
    assert len(result.rows["mongodb", "invoices"]) == 12
    asked = [r for r in server.requests if "itemsPerPage" in r.query]
    assert len(asked) == 12 + 1  # the first page again, at the end


def test_a_failed_page_that_counts_fails_the_listing(server: Scripted) -> None:
    serve(server, 30)
    whole = server.answer

    def answer(request: Request) -> bytes:
        if request.query.get("page") == "11":
            return response("{}", "400 Bad Request")
        return whole(request)

    server.answer = answer
    result = fetched(account("planetscale", server.url))
    assert "400" in result.error
    assert result.rows.get(("planetscale", "invoices"), []) == []
