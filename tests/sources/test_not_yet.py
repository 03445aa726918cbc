"""What a vendor is still making: no failure, no empty list, and asked for again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.sources.fetching import AT_ONCE, Fetched, account, fetched
from tests.sources.scripted import Request, Scripted, document, response

INVOICES = {"data": [{"invoice_id": "1", "currency_code": "USD"}], "meta": {"next_cursor": ""}}
MONTH = {"invoice_id": "mtd1", "monthly_transaction_amount": "3.00"}
COMPUTING = response("", "202 Accepted")


def serve(server: Scripted, *months: bytes) -> Fetched:
    """The month to date is answered by these in turn, the last of them again and again."""
    remaining = list(months)

    def answer(request: Request) -> bytes:
        if not request.path.endswith("/month-to-date"):
            return document(INVOICES)
        return remaining.pop(0) if len(remaining) > 1 else remaining[0]

    server.requests.clear()
    server.answer = answer
    return fetched(account("fastly", server.url))


def listings(result: Fetched) -> dict[str, list[str]]:
    """The keys that each listing brought."""
    found: dict[str, list[str]] = {}
    for row in result.rows["fastly", "invoices"]:
        found.setdefault(row["listing"], []).append(row["document_key"])
    return found


def asked(server: Scripted) -> int:
    return sum(each.path.endswith("/month-to-date") for each in server.requests)


def test_it_is_asked_for_again_a_little_later(server: Scripted) -> None:
    result = serve(server, COMPUTING, COMPUTING, document(MONTH))
    assert result.results[0].error is None
    assert listings(result) == {"issued": ["1"], "upcoming": ["upcoming"]}
    assert asked(server) == 3


def test_what_is_not_made_in_time_fails_nothing_and_closes_nothing(server: Scripted) -> None:
    """No row of the listing, not even of an empty one: what is held stays."""
    result = serve(server, COMPUTING)
    assert (result.results[0].outcome, result.results[0].error) == ("ok", None)
    assert listings(result) == {"issued": ["1"]}
    assert asked(server) == AT_ONCE.attempts


def test_an_account_without_a_month_to_date_has_an_empty_list(server: Scripted) -> None:
    assert listings(serve(server, document({}))) == {"issued": ["1"], "upcoming": [""]}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([COMPUTING, response("down", "503 Service Unavailable")], "answered 503"),
        ([response("{}", "201 Created")], "answered 201 Created, where 200 OK brings"),
        ([document({"msg": "An error occurred"})], "it states none of invoice_id"),
        ([document([MONTH])], "is no object"),
    ],
    ids=["down in the end", "another status", "an error", "a list"],
)
def test_anything_else_is_a_failure(server: Scripted, answers: Sequence[bytes], said: str) -> None:
    result = serve(server, *answers)
    assert said in result.error
    assert listings(result) == {"issued": ["1"]}


def test_only_the_month_to_date_may_take_its_time(server: Scripted) -> None:
    server.answer = lambda _: COMPUTING
    assert "/billing/v3/invoices: answered 202 Accepted, where" in (
        fetched(account("fastly", server.url)).error
    )


def test_pages_follow_their_cursors(server: Scripted) -> None:
    def answer(request: Request) -> bytes:
        if request.path.endswith("/month-to-date"):
            return document({})
        place = int(request.query.get("cursor", "0"))
        following = str(place + 1) if place < 2 else None
        return document({"data": [{"invoice_id": str(place)}], "meta": {"next_cursor": following}})

    server.answer = answer
    assert listings(fetched(account("fastly", server.url)))["issued"] == ["0", "1", "2"]
    assert {each.headers["fastly-key"] for each in server.requests} == {
        "tok/en+with=special&characters"
    }
