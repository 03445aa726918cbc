"""Lists that change while they are read: what was listed all the while is in the result.

Documents behind one that comes or goes move from page to page, so that one of them may be on none
of the pages that were read, above all where those are read side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sources.extract.gathering import READINGS
from tests.sources.fetching import Fetched, account, fetched
from tests.sources.scripted import Request, Scripted, document

MONGODB_PAGE = 2
PLANETSCALE_PAGE = 3


@dataclass
class Changing:
    """A list, newest first. At each request whose number is in `at`, before it is answered, a new
    invoice is added at its head ("add"), or the one at that place taken away."""

    ids: list[str]
    at: Mapping[int, str | int]
    always: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.always = list(self.ids)

    def __call__(self, request: Request) -> bytes:
        number = int(request.query.get("pageNum", request.query.get("page", "1")))
        self.change(self.at.get(len(self.asked)))
        self.asked.append(number)
        if "/api/atlas" in request.path:
            return self.mongodb(number)
        return self.planetscale(number)

    def change(self, what: str | int | None) -> None:
        if what == "add":
            self.ids.insert(0, f"new-{len(self.asked)}")
        elif isinstance(what, int) and self.ids:
            gone = self.ids.pop(what % len(self.ids))
            self.always = [each for each in self.always if each != gone]

    def mongodb(self, number: int) -> bytes:
        shown, more = self.page(number, MONGODB_PAGE)
        link = f"?itemsPerPage=500&viewLinkedInvoices=false&pageNum={number + 1}"
        links = [{"rel": "next", "href": link}] if more else []
        return document({"results": shown, "links": links, "totalCount": len(self.ids)})

    def planetscale(self, number: int) -> bytes:
        shown, more = self.page(number, PLANETSCALE_PAGE)
        return document({"data": shown, "next_page": number + 1 if more else None})

    def page(self, number: int, size: int) -> tuple[list[dict[str, str]], bool]:
        shown = self.ids[(number - 1) * size : number * size]
        return [{"id": each} for each in shown], number * size < len(self.ids)


def read(server: Scripted, vendor: str, changing: Changing) -> Fetched:
    server.answer = changing
    server.requests.clear()
    chosen = account(vendor, server.url)
    only_lists = msgspec.structs.replace(chosen.settings, details=False)
    return fetched(replace(chosen, settings=only_lists))


def keys(result: Fetched, vendor: str) -> list[str]:
    return [row["document_key"] for row in result.rows[vendor, "invoices"]]


def ids(count: int) -> list[str]:
    return [f"{number}" for number in range(count)]


@pytest.mark.parametrize("vendor", ["mongodb", "planetscale"])
@pytest.mark.parametrize("at", range(1, 9))
def test_an_invoice_that_is_added_meanwhile(server: Scripted, vendor: str, at: int) -> None:
    changing = Changing(ids(12), {at: "add"})
    result = read(server, vendor, changing)
    assert result.results[0].error is None
    assert sorted(keys(result, vendor)) == sorted(changing.ids[-len(keys(result, vendor)) :])
    assert set(keys(result, vendor)) >= set(changing.always)


@pytest.mark.parametrize("place", [0, 3, 7])
@pytest.mark.parametrize("at", range(1, 7))
def test_an_invoice_that_goes_meanwhile(server: Scripted, place: int, at: int) -> None:
    """Wherever it was, MongoDB tells by the list's length."""
    changing = Changing(ids(12), {at: place})
    result = read(server, "mongodb", changing)
    assert result.results[0].error is None
    assert keys(result, "mongodb") == changing.ids


@pytest.mark.parametrize("at", range(1, 4))
def test_one_that_goes_from_the_first_page(server: Scripted, at: int) -> None:
    changing = Changing(ids(12), {at: 1})
    result = read(server, "planetscale", changing)
    assert result.results[0].error is None
    assert keys(result, "planetscale") == changing.ids


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@example(count=4, at={1: "add", 2: 0})
@given(
    count=st.integers(0, 25),
    at=st.dictionaries(
        st.integers(1, 25), st.one_of(st.just("add"), st.integers(0, 24)), max_size=4
    ),
)
def test_nothing_that_was_listed_all_the_while_is_lost(
    server: Scripted, count: int, at: dict[int, str | int]
) -> None:
    """Unless as many come as go, all of them behind the first page."""
    changing = Changing(ids(count), at)
    result = read(server, "mongodb", changing)
    if result.results[0].error is None:
        assert set(keys(result, "mongodb")) >= set(changing.always)
    else:
        assert "the list changed while it was read" in result.error
        assert result.rows["mongodb", "invoices"] == []


def test_a_list_that_never_stands_still_fails(server: Scripted) -> None:
    result = read(server, "planetscale", Changing(ids(9), dict.fromkeys(range(99), "add")))
    assert "GET /organizations/acme/invoices: the list changed while it was read" in result.error
    assert result.rows["planetscale", "invoices"] == []
    assert result.results[0].whole_listings == 0


def test_a_length_that_is_only_estimated_fails_nothing(server: Scripted) -> None:
    """Two readings that found the same are believed."""
    estimates = iter(range(100, 200))

    def answer(request: Request) -> bytes:
        if not request.path.endswith("/invoices"):
            return document({"id": request.path.rpartition("/")[2]})
        asked.append(request.query.get("pageNum", "1"))
        links = [{"rel": "next", "href": "?pageNum=2"}] if asked[-1] == "1" else []
        results = [{"id": asked[-1]}]
        return document({"results": results, "links": links, "totalCount": next(estimates)})

    asked: list[str] = []
    server.answer = answer
    result = fetched(account("mongodb", server.url))
    assert result.results[0].error is None
    assert keys(result, "mongodb") == ["1", "2"]
    assert asked == ["1", "2", "1"] * 2
    assert READINGS > 2


@pytest.mark.parametrize("vendor", ["mongodb", "planetscale"])
def test_a_list_of_one_page_is_read_once(server: Scripted, vendor: str) -> None:
    changing = Changing(ids(2), {})
    read(server, vendor, changing)
    assert changing.asked == [1]
