"""Lists that come in ranges, each of which names the next one: Heroku's."""

from __future__ import annotations

import pytest

from tests.sources.fetching import account, fetched
from tests.sources.scripted import Request, Scripted, document, response

PARTIAL = "206 Partial Content"
NEXT = "id ]b..; max=200"


def part(body: str, following: str = "", status: str = PARTIAL) -> bytes:
    headers = {"Next_Range": following} if following else {}
    return response(body, status, "application/vnd.heroku+json; version=3", **headers)


def ranges(server: Scripted) -> list[str | None]:
    return [each.headers.get("range") for each in server.requests]


@pytest.mark.parametrize("last", ["200 OK", PARTIAL])
@pytest.mark.parametrize("first", ["200 OK", PARTIAL])
def test_what_is_named_next_is_asked_for(server: Scripted, first: str, last: str) -> None:
    server.in_turn(
        part('[{"id": "a", "total": 1.10}, {"id": "b"}]', NEXT, first),
        part('[{"id":"c"}]', "", last),
    )
    result = fetched(account("heroku", server.url))
    assert result.results[0].error is None
    rows = {row["document_key"]: row["document"] for row in result.rows["heroku", "invoices"]}
    assert rows == {"a": '{"id": "a", "total": 1.10}', "b": '{"id": "b"}', "c": '{"id":"c"}'}
    assert ranges(server) == [None, NEXT]
    assert {each.headers["accept"] for each in server.requests} == {
        "application/vnd.heroku+json; version=3"
    }


def test_a_range_is_asked_for_again_by_its_own_name(server: Scripted) -> None:
    """What failed in between said nothing of where the list goes on."""
    busy = response("busy", "503 Service Unavailable", "text/plain", Next_Range="id ]z..; max=200")
    server.in_turn(part('[{"id": "a"}]', NEXT), busy, part('[{"id": "c"}]'))
    result = fetched(account("heroku", server.url))
    assert result.results[0].error is None
    assert {row["document_key"] for row in result.rows["heroku", "invoices"]} == {"a", "c"}
    assert ranges(server) == [None, NEXT, NEXT]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([part('[{"id": "a"}]')], "answered 206 Partial Content, where 200 OK brings"),
        ([part('[{"id": "a"}]', NEXT), part("[]", NEXT)], "leads back to a page already read"),
        ([part('[{"id": "a"}]', NEXT), part("[]", "", "201 Created")], "answered 201 Created"),
        ([document({"id": "not_found"})], "Expected `array`, got `object`"),
        ([document(None)], "Expected `array`, got `null`"),
    ],
    ids=["a part without a next one", "a circle", "created", "no list", "a null list"],
)
def test_a_list_that_is_not_whole_fails(server: Scripted, answers: list[bytes], said: str) -> None:
    server.in_turn(*answers)
    result = fetched(account("heroku", server.url))
    assert said in result.error
    assert result.rows["heroku", "invoices"] == []


@pytest.mark.parametrize(("team", "path"), [(None, "/account"), ("a/b", "/teams/a%2Fb")])
def test_whose_invoices_they_are(server: Scripted, team: str | None, path: str) -> None:
    server.answer = lambda _: response("[]")
    keys = {"api_token": "token"} | ({"team": team} if team else {})
    assert fetched(account("heroku", server.url, keys)).results[0].error is None
    assert [each.path for each in server.requests] == [f"{path}/invoices"]


def test_others_are_asked_for_no_range(server: Scripted) -> None:
    """And a part of their lists is no list."""

    def answer(_: Request) -> bytes:
        return response('{"invoices": []}', PARTIAL, Next_Range=NEXT)

    server.answer = answer
    assert "answered 206 Partial Content" in fetched(account("aiven", server.url)).error
    assert set(ranges(server)) == {None}
