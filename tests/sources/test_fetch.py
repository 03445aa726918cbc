"""What is fetched, what is left out, and how accounts fail by themselves."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from calendar import monthrange
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources import Fetch, FetchEvent, WarehouseState
from sources.client.pool import Pool
from sources.extract import run
from sources.extract.due import KnownDetails
from tests.sources.fetching import AT_ONCE, NOW, account, fetched
from tests.sources.scripted import Request, Scripted, document, response


def months(server: Scripted) -> set[str]:
    """The months that were asked for, and `upcoming`; each window is a whole month."""
    asked = set()
    for request in server.requests:
        query = request.query
        if not query:
            asked.add("upcoming")
            continue
        first, last = query["from"], query["to"]
        assert first.endswith("-01")
        assert first[:7] == last[:7]
        assert int(last[8:]) == monthrange(int(first[:4]), int(first[5:7]))[1]
        asked.add(first[:7])
    assert len(asked) == len(server.requests)
    return asked


class TestMonths:
    @pytest.fixture(autouse=True)
    def _no_invoices(self, server: Scripted) -> None:
        server.in_turn(document([]))

    def test_the_first_run_reads_24_months_back(self, server: Scripted) -> None:
        fetched(account("versori", server.url))
        asked = months(server)
        assert len(asked) == 26
        assert min(asked) == "2024-03"
        assert max(asked - {"upcoming"}) == "2026-03"

    def test_later_runs_start_where_the_first_did(self, server: Scripted) -> None:
        known = WarehouseState(
            first_loaded_at={("versori", "main"): datetime(2025, 6, 30, tzinfo=UTC)}
        )
        fetched(account("versori", server.url), known=known)
        assert min(months(server)) == "2023-06"

    def test_from_the_configured_date(self, server: Scripted) -> None:
        keys = {"organisation_id": "acme", "api_key": "key", "start_date": "2025-12-24"}
        fetched(account("versori", server.url, keys))
        assert months(server) == {"2025-12", "2026-01", "2026-02", "2026-03", "upcoming"}

    def test_of_what_is_held_only_the_recent_are_read_again(self, server: Scripted) -> None:
        keys = {"organisation_id": "acme", "api_key": "key", "start_date": "2025-01-01"}
        held = {f"2025-{month:02}": "digest" for month in range(1, 13) if month != 4}
        known = WarehouseState(listings={("versori", "main"): held})
        fetched(account("versori", server.url, keys), known=known)
        recent = {"2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03"}
        assert months(server) == {*recent, "2025-04", "upcoming"}

        server.requests.clear()
        fetched(account("versori", server.url, keys), known=known, full_refresh=True)
        assert len(months(server)) == 16

    def test_an_empty_month_is_recorded(self, server: Scripted) -> None:
        keys = {"organisation_id": "acme", "api_key": "key", "start_date": "2026-03-01"}
        rows = fetched(account("versori", server.url, keys)).rows["versori", "invoices"]
        assert {(row["listing"], row["document_key"], row["document"]) for row in rows} == {
            ("2026-03", "", "null"),
            ("upcoming", "", "null"),
        }


def test_a_listing_that_is_held_as_it_is_brings_no_table(server: Scripted) -> None:
    invoices = [{"invoice_number": "1"}, {"invoice_number": "2"}]
    server.in_turn(document({"invoices": invoices}))
    first = fetched(account("turso", server.url))
    issued = [row for row in first.rows["turso", "invoices"] if row["listing"] == "issued"]
    hashes = sorted(row["version_hash"] for row in issued)
    digest = hashlib.sha256("".join(hashes).encode()).hexdigest()
    known = WarehouseState(listings={("turso", "main"): {"issued": digest, "upcoming": "another"}})

    again = fetched(account("turso", server.url), known=known)
    assert {row["listing"] for row in again.rows["turso", "invoices"]} == {"upcoming"}
    assert again.results[0].documents == first.results[0].documents == 4

    server.in_turn(document({"invoices": invoices[:1]}))
    shorter = fetched(account("turso", server.url), known=known)
    assert {row["listing"] for row in shorter.rows["turso", "invoices"]} == {"issued", "upcoming"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}", None),
        ('{"invoices":null}', None),
        ('{"invoices":[],"more":1}', None),
        ('{"error":"down"}', "missing required field `invoices`"),
        ('{"message":"down","invoice":[]}', "missing required field `invoices`"),
        ("[]", "Expected `object`"),
        ("null", "Expected `object`"),
    ],
)
def test_only_what_says_nothing_else_is_an_empty_list_of_turso(
    server: Scripted, body: str, said: str | None
) -> None:
    server.in_turn(response(body))
    result = fetched(account("turso", server.url))
    if said is None:
        assert result.results[0].error is None
        assert result.documents == ["null", "null"]
    else:
        assert said in result.error
        assert result.documents == []


@pytest.mark.parametrize(
    ("body", "documents"),
    [
        ("null", ["null"]),
        ('{"items":null}', ["null"]),
        ('{"items":[{"a" : 1}, 7],"next":""}', ['{"a" : 1}', "7"]),
        ('[ {"a":1} ]', ['{"a":1}']),
    ],
)
def test_shapes_of_versori(server: Scripted, body: str, documents: list[str]) -> None:
    server.in_turn(response(body))
    keys = {"organisation_id": "acme", "api_key": "key", "start_date": "2026-03-01"}
    result = fetched(account("versori", server.url, keys))
    assert result.documents == documents * 2


@pytest.mark.parametrize("link", ["{url}/2?cursor=abc", "/2?cursor=abc", "?cursor=abc", "abc"])
def test_ways_onward_of_versori(server: Scripted, link: str) -> None:
    def answer(request: Request) -> bytes:
        if "cursor" in request.query:
            return document({"items": [{"second": request.query["cursor"]}]})
        return document({"items": [{"first": 1}], "next": link.format(url=server.url)})

    server.answer = answer
    keys = {"organisation_id": "acme", "api_key": "key", "start_date": "2026-03-01"}
    result = fetched(account("versori", server.url, keys))
    assert result.results[0].outcome == "ok"
    assert result.documents == ['{"first": 1}', '{"second": "abc"}'] * 2


@pytest.mark.parametrize(
    ("body", "documents"),
    [
        ('{"data":{"invoices":{"total" : 1200}},"pagination":{"hasNextPage":false}}', 1),
        ('{"data":{"invoices":[]},"pagination":{"hasNextPage":false,"count":0}}', 0),
        ('{"data":{"invoices":[{"total" : 1200}]}}', 1),
        ('{"data":{},"pagination":{"hasNextPage":false}}', 0),
        ('{"data":{}}', 0),
    ],
)
def test_shapes_of_northflank(server: Scripted, body: str, documents: int) -> None:
    server.in_turn(response(body))
    result = fetched(account("northflank", server.url))
    assert result.results[0].documents == documents
    assert result.documents == (['{"total" : 1200}'] if documents else ["null"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"data":{"invoices":null},"pagination":{"hasNextPage":false}}', "neither a list nor"),
        ('{"data":{"invoices":[]},"pagination":{"hasNextPage":true}}', "no `cursor`"),
        ("{}", "missing required field `data`"),
        ('{"data":{"message":"down"}}', "no `invoices`, but something else"),
        ('{"data":{},"error":{"status":500}}', "no `invoices`, but something else"),
        ('{"data":{},"pagination":{"hasNextPage":false,"count":3}}', "3 invoices, not 0"),
        ('{"data":{"invoices":[]},"pagination":{"hasNextPage":false,"count":3}}', "`count` says"),
    ],
)
def test_half_a_list_of_northflank_is_no_list(server: Scripted, body: str, said: str) -> None:
    server.in_turn(response(body))
    result = fetched(account("northflank", server.url))
    assert said in result.error
    assert result.documents == []


LISTS = {
    "turso": ['"invoices":[]', '"invoices":null'],
    "versori": ['"items":[]', '"items":null'],
    "mongodb": ['"results":[]'],
    "northflank": ['"data":{"invoices":[]}'],
    "planetscale": ['"data":[],"next_page":null'],
}
EMPTY_LISTS = [(vendor, each) for vendor, lists in LISTS.items() for each in lists]


@pytest.mark.parametrize(("vendor", "empty"), EMPTY_LISTS)
@pytest.mark.parametrize(
    "error",
    [
        '"error":"overloaded"',
        '"error":{"status":500}',
        '"errors":[{"message":"x"}]',
        '"errorCode":"UNEXPECTED_ERROR"',
        '"code":"internal","message":"x"',
        '"type":"error"',
    ],
)
def test_an_error_is_no_empty_list(server: Scripted, vendor: str, empty: str, error: str) -> None:
    server.in_turn(response(f"{{{error},{empty}}}"))
    result = fetched(account(vendor, server.url))
    assert "the list is empty, but it says that it is an error" in result.error
    assert result.documents == []


@pytest.mark.parametrize(("vendor", "empty"), EMPTY_LISTS)
@pytest.mark.parametrize("more", ['"error":null,"errors":[]', '"error":"","code":0', '"code":7'])
def test_an_empty_list_may_say_more(server: Scripted, vendor: str, empty: str, more: str) -> None:
    server.in_turn(response(f'{{{more},"type":"list",{empty}}}'))
    assert set(fetched(account(vendor, server.url)).documents) == {"null"}


@pytest.mark.parametrize("vendor", LISTS)
@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "203 Other", "206 Part"])
def test_no_other_success_brings_a_list(server: Scripted, vendor: str, status: str) -> None:
    server.in_turn(response(f"{{{LISTS[vendor][0]}}}", status))
    result = fetched(account(vendor, server.url))
    assert f"answered {status[:3]}" in result.error
    assert "where 200 OK brings what was asked for" in result.error
    assert result.documents == []


@pytest.mark.parametrize(("listed", "is_whole"), [(1, False), (2, True), (3, True)])
def test_a_list_of_versori_is_as_long_as_it_says(
    server: Scripted, listed: int, is_whole: bool
) -> None:
    def answer(request: Request) -> bytes:
        if "cursor" in request.query:
            return document({"totalCount": 2, "items": [{}] * (listed - 1)})
        return document({"totalCount": 2, "items": [{}], "next": "2"})

    server.answer = answer
    result = fetched(account("versori", server.url))
    if is_whole:
        assert result.results[0].outcome == "ok"
    else:
        assert "the list has 1 documents, though it says that there are 2" in result.error
        assert result.documents == []


class TestDetails:
    @pytest.fixture(autouse=True)
    def _invoices(self, server: Scripted) -> None:
        self.listed: list[dict[str, object]] = [
            {"id": "a", "n": 1},
            {"id": "b/..", "n": 1},
            {"n": 1},
        ]
        self.broken: set[str] = set()

        def answer(request: Request) -> bytes:
            name = request.path.rpartition("/invoices")[2]
            if not name:
                return document({"results": self.listed})
            if name in self.broken:
                return response("{}", "404 Not Found")
            return document({"id": unquote(name[1:]), "detail": name})

        server.answer = answer

    def test_of_each_invoice_with_an_id(self, server: Scripted) -> None:
        result = fetched(account("mongodb", server.url))
        rows = result.rows["mongodb", "invoice_details"]
        told = sorted((row["listing"], row["document_key"], row["document"]) for row in rows)
        assert told == [
            ("a", "a", '{"id": "a", "detail": "/a"}'),
            ("b/..", "b/..", '{"id": "b/..", "detail": "/b%2F.."}'),
        ]
        assert result.results[0].documents == 5
        listed = {
            row["document_key"]: row["version_hash"] for row in result.rows["mongodb", "invoices"]
        }
        del listed["?"]
        assert result.details["mongodb", "main"] == listed

    def test_only_of_what_is_new_or_changed(self, server: Scripted) -> None:
        first = fetched(account("mongodb", server.url))
        known = WarehouseState(
            details={who: KnownDetails(held) for who, held in first.details.items()}
        )
        assert fetched(account("mongodb", server.url), known=known).results[0].requests == 1

        self.listed[0]["n"] = 2
        again = fetched(account("mongodb", server.url), known=known)
        assert [row["listing"] for row in again.rows["mongodb", "invoice_details"]] == ["a"]
        assert list(again.details["mongodb", "main"]) == ["a"]

    def test_one_that_fails_leaves_the_rest(self, server: Scripted) -> None:
        self.broken = {"/a"}
        result = fetched(account("mongodb", server.url))
        assert "a: GET /api/atlas/v2/orgs/acme/invoices/a: answered 404 Not Found" in result.error
        assert list(result.details["mongodb", "main"]) == ["b/.."]
        assert len(result.rows["mongodb", "invoices"]) == 3

    def test_legacy_details_are_found_by_time(self, server: Scripted) -> None:
        period = {"start": 1655823815.5, "end": 1655910214}
        detail = '{"period" : {"start":1655823815.50, "end": 1655910214.0}}'

        def answer(request: Request) -> bytes:
            if request.path.endswith("/details"):
                assert request.query["timestamp"] == "1655823815"
                return response(f'{{ "data" : {detail} }}')
            more = {"pagination": {"hasNextPage": False, "count": 1}}
            return document({"data": {"invoices": [{"period": period}, {"total": 1}]}, **more})

        server.answer = answer
        rows = fetched(account("northflank", server.url)).rows["northflank", "invoice_details"]
        key = "1655823815.5/1655910214"
        assert [(row["listing"], row["document_key"], row["document"]) for row in rows] == [
            (key, key, detail)
        ]

    @pytest.mark.parametrize(
        "start",
        [
            "1782864000",
            "1782864000.0",
            "1.782864e9",
            "1782864e3",
            '"1782864000 "',
            '"2026-07-01"',
            '"2026-07-01T02:00:00+02:00"',
        ],
    )
    def test_a_time_is_asked_for_however_it_is_spelled(self, server: Scripted, start: str) -> None:
        invoice = f'{{"total":1200,"period":{{"start":{start},"end":1785542400}}}}'

        def answer(request: Request) -> bytes:
            if request.path.endswith("/details"):
                assert request.query["timestamp"] == "1782864000"
                return response(f'{{"data":{invoice}}}')
            return response(f'{{"data":{{"invoices":[{invoice}]}}}}')

        server.answer = answer
        result = fetched(account("northflank", server.url))
        assert result.results[0].outcome == "ok"
        assert len(result.rows["northflank", "invoice_details"]) == 1


class TestFailures:
    def test_what_came_whole_is_still_there(self, server: Scripted) -> None:
        def answer(request: Request) -> bytes:
            if request.query["type"] == "upcoming":
                return response("{}", "403 Forbidden")
            return document({"invoices": [{"invoice_number": "A"}]})

        server.answer = answer
        result = fetched(account("turso", server.url))
        assert result.documents == ['{"invoice_number": "A"}']
        assert result.error.startswith("upcoming: GET /v1/organizations/acme/invoices")

    def test_other_accounts_and_vendors_go_on(self, server: Scripted) -> None:
        def answer(request: Request) -> bytes:
            if "/organizations/bad/" in request.path:
                return response("{}", "401 Unauthorized")
            return document({"invoices": [], "results": []})

        server.answer = answer
        bad = {"organization": "bad", "api_token": "token"}
        result = fetched(
            account("turso", server.url, bad, name="bad"),
            account("turso", server.url, name="good"),
            account("mongodb", server.url),
        )
        outcomes = [(each.vendor, each.account, each.outcome) for each in result.results]
        assert outcomes == [
            ("turso", "bad", "failed"),
            ("turso", "good", "ok"),
            ("mongodb", "main", "ok"),
        ]

    def test_a_failed_page_loads_nothing_of_its_listing(self, server: Scripted) -> None:
        def answer(request: Request) -> bytes:
            if request.query.get("page", "1") == "3":
                return response("{}", "400 Bad Request")
            page = int(request.query.get("page", "1"))
            return document({"data": [{"id": f"{page}"}], "next_page": page + 1})

        server.answer = answer
        assert fetched(account("planetscale", server.url)).documents == []

    def test_our_own_mistake_fails_its_account_only(
        self, server: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def mistaken(*_: object) -> None:
            raise KeyError("oops")

        monkeypatch.setattr("sources.turso.issued_key", mistaken)
        server.in_turn(document({"invoices": [1], "results": []}))
        result = fetched(account("mongodb", server.url), account("turso", server.url))
        assert [each.outcome for each in result.results] == ["ok", "failed"]
        assert "internal error in mistaken (" in str(result.results[1].error)

    def test_leaving_does_not_wait_for_ever(
        self, server: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when a signal has left a lock taken that closing the connections needs."""
        let_go = threading.Event()
        close = Pool.aclose

        async def stuck(pool: Pool) -> None:
            let_go.wait()
            await close(pool)

        monkeypatch.setattr(Pool, "aclose", stuck)
        monkeypatch.setattr("sources.extract.run.LONGEST_GOODBYE", 0.1)
        server.in_turn(document({"invoices": []}))
        with Fetch([account("turso", server.url)], WarehouseState(), now=NOW, retry=AT_ONCE):
            pass
        (thread,) = (each for each in threading.enumerate() if each.name == "billhouse-fetch")
        let_go.set()
        thread.join(10)
        assert not thread.is_alive()

    def test_leaving_stops_what_is_under_way(self, server: Scripted) -> None:
        asked = threading.Event()

        def slow(_: Request) -> bytes:
            asked.set()
            time.sleep(0.5)
            return response("{}", "503 Busy", Retry_After="60")

        server.answer = slow
        started = time.monotonic()
        with Fetch([account("turso", server.url)], WarehouseState(), now=NOW) as fetch:
            asked.wait()
        assert time.monotonic() - started < 10
        assert list(fetch.tables("turso", "invoices")) == []
        (result,) = fetch.results()
        assert result.outcome == "failed"
        assert "stopped before it was done" in str(result.error)


def test_progress_is_told(server: Scripted) -> None:
    server.in_turn(document({"invoices": [{"invoice_number": "A"}]}))
    events: list[FetchEvent] = []
    fetched(account("turso", server.url), on_event=events.append)
    assert {event.finished for event in events} == {
        "invoices issued",
        "invoices upcoming",
        "account",
    }
    assert events[-1] == FetchEvent("turso", "main", 2, 2, "account")


@pytest.mark.parametrize(("bytes_at_once", "tables"), [(run.BYTES_AT_ONCE, 1), (1, 3)])
def test_small_tables_are_handed_over_together(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, bytes_at_once: int, tables: int
) -> None:
    """dlt's cost is by item; large documents aren't gathered, lest they fill the memory."""
    monkeypatch.setattr(run, "BYTES_AT_ONCE", bytes_at_once)
    invoices = [{"id": f"{number}"} for number in range(3)]

    def answer(request: Request) -> bytes:
        listed = request.path.endswith("/invoices")
        if listed:
            return document({"results": invoices})
        return document({"id": request.path.rpartition("/")[2]})

    server.answer = answer
    with Fetch(
        [account("mongodb", server.url)], WarehouseState(), now=NOW, retry=AT_ONCE
    ) as opened:
        assert [table.num_rows for table in opened.tables("mongodb", "invoices")] == [3]
        handed = [table.num_rows for table in opened.tables("mongodb", "invoice_details")]
    assert handed == [3 // tables] * tables


def test_a_vendor_without_accounts_has_no_tables(server: Scripted) -> None:
    with Fetch([], WarehouseState(), now=NOW, retry=AT_ONCE) as fetch:
        assert list(fetch.tables("turso", "invoices")) == []


class TestPageSplits:
    """However a list is cut into pages, the same documents come of it."""

    splits = st.lists(st.integers(0, 9), max_size=5)

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        sizes=splits, vendor=st.sampled_from(["mongodb", "northflank", "planetscale", "versori"])
    )
    def test_every_style(self, server: Scripted, sizes: list[int], vendor: str) -> None:
        numbers = iter(range(100))
        pages = [[next(numbers) for _ in range(size)] for size in sizes] or [[]]
        server.answer = lambda request: _page(vendor, pages, request)
        keys = {"organisation_id": "acme", "api_key": "key", "start_date": "2026-03-01"}
        chosen = account(vendor, server.url, keys if vendor == "versori" else None)

        rows = [
            json.loads(row["document"])
            for row in fetched(chosen).rows[vendor, "invoices"]
            if row["listing"] in ("all", "2026-03")
        ]

        whole = [{"id": f"{number}"} for page in pages for number in page]
        assert [row for row in rows if row is not None] == whole
        assert rows


def _page(vendor: str, pages: list[list[int]], request: Request) -> bytes:
    """One page of a list, in the vendor's envelope; a detail says no more than whose it is."""
    position = int(request.query.get("at", request.query.get("cursor", "0")))
    if vendor == "planetscale":
        position = int(request.query.get("page", "1")) - 1
    documents = [{"id": f"{number}"} for number in pages[position]]
    more = position + 1 < len(pages)
    if not request.path.endswith("/invoices"):
        name = {"id": request.path.rpartition("/")[2]}
        return document({**name, "data": name if vendor == "northflank" else [], "next_page": None})
    if vendor == "mongodb":
        links = [{"rel": "next", "href": f"?at={position + 1}"}] if more else []
        return document({"results": documents, "links": links, "totalCount": 1})
    if vendor == "planetscale":
        return document({"data": documents, "next_page": position + 2 if more else None})
    if vendor == "versori":
        return document({"items": documents, "next": str(position + 1) if more else ""})
    pagination = {"hasNextPage": more, "cursor": str(position + 1)}
    return document({"data": {"invoices": documents}, "pagination": pagination})
