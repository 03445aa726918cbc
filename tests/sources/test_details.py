"""Details: which are believed, which are asked for and in which order, and which are closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import ConfiguredAccount, WarehouseState
from sources.client.limits import REQUESTS_AT_ONCE
from sources.extract.details import FAILURES_IN_A_ROW
from sources.extract.due import KnownDetails, _spread
from sources.extract.listing import SCHEMA, listing_hash
from tests.sources.fetching import Fetched, account, fetched
from tests.sources.scripted import Request, Scripted, document, response

WHO = ("mongodb", "main")
PERIOD = {"start": 1735689600, "end": 1738368000}


def serve_mongodb(
    server: Scripted, listed: Sequence[Mapping[str, Any]], detail: Callable[[str], bytes]
) -> ConfiguredAccount:
    """A list of invoices; `detail` answers for one of them by its id."""

    def answer(request: Request) -> bytes:
        name = request.path.rpartition("/invoices")[2]
        return detail(unquote(name[1:])) if name else document({"results": listed})

    server.requests.clear()
    server.answer = answer
    return account("mongodb", server.url)


def serve_northflank(
    server: Scripted, listed: Sequence[object], detail: bytes
) -> ConfiguredAccount:
    def answer(request: Request) -> bytes:
        if request.path.endswith("/invoices"):
            return document({"data": {"invoices": listed}})
        return detail

    server.requests.clear()
    server.answer = answer
    return account("northflank", server.url)


def good(key: str) -> bytes:
    return document({"id": key, "lineItems": []})


def asked(server: Scripted) -> list[str]:
    """The details that were asked for, in order."""
    names = [request.path.rpartition("/invoices")[2] for request in server.requests]
    return [unquote(name[1:]) for name in names if name]


def details(result: Fetched, vendor: str, entity: str = "invoice_details") -> list[str]:
    """The invoices whose detail was put."""
    return sorted(row["listing"] for row in result.rows[vendor, entity])


class TestBelieved:
    """A detail shows whose it is, or what is held stays."""

    @pytest.mark.parametrize(
        "body",
        [
            "{}",
            "[]",
            "null",
            '"a"',
            '{"error":500,"detail":"maintenance"}',
            '{"access_token":"at-1","token_type":"Bearer"}',
            '{"id":"b","lineItems":[]}',
            '{"id":null,"lineItems":[]}',
            '{"lineItems":[]}',
            '{"id":"a","lineItems":{}}',
            '{"id":"a","payments":"none"}',
            '{"id":"a","refunds":0}',
            '[{"id":"a"}]',
        ],
    )
    def test_what_mongodb_is_not_believed(self, server: Scripted, body: str) -> None:
        result = fetched(serve_mongodb(server, [{"id": "a"}], lambda _: response(body)))
        assert "a: GET /api/atlas/v2/orgs/acme/invoices/a: " in result.error
        assert details(result, "mongodb") == []
        assert result.details[WHO] == {}

    @pytest.mark.parametrize(
        "body",
        [
            '{"id":"a"}',
            '{ "id" : "a", "lineItems":null, "payments":null, "refunds":null }',
            '{"lineItems":[{"sku":"X"}],"id":"a","new":1}',
        ],
    )
    @pytest.mark.parametrize("api", ["atlas/v2", "atlas/v1.0", "public/v1.0"])
    def test_what_mongodb_is_believed(self, server: Scripted, body: str, api: str) -> None:
        def answer(request: Request) -> bytes:
            is_list = request.path.rstrip("/").endswith("/invoices")
            return document({"results": [{"id": "a"}]}) if is_list else response(body)

        server.answer = answer
        keys = {"org_id": "o", "public_key": "k", "private_key": "s", "api": api}
        result = fetched(account("mongodb", server.url, keys))
        (row,) = result.rows["mongodb", "invoice_details"]
        assert row["document"] == body
        assert result.results[0].error is None

    @pytest.mark.parametrize(
        ("listed", "detail", "is_believed"),
        [
            ({"id": "a", "total": 12.5}, {"id": "a", "total": 1250, "lineItems": []}, True),
            ({"id": "a", "total": 12}, {"total": 12.0, "lineItems": []}, True),
            ({"id": "a", "total": 12}, {"id": "b", "total": 12}, False),
            ({"id": "a", "total": 12}, {"total": 13}, False),
            ({"id": "a", "total": 12}, {"lineItems": []}, False),
            ({"id": "a", "total": 12}, {"id": "a", "lineItems": "none"}, False),
            ({"id": "a"}, {}, False),
            ({"id": "a"}, [], False),
            ({"id": "a"}, None, False),
            ({"id": "a"}, {"error": {"status": 500}}, False),
            ({"period": PERIOD, "total": 12}, {"period": PERIOD, "total": 12}, True),
            ({"period": PERIOD, "total": 12}, {"period": PERIOD}, True),
            ({"period": PERIOD, "total": 12}, {"id": "new", "period": PERIOD, "total": 12}, True),
            ({"period": PERIOD, "total": 12}, {"period": PERIOD, "total": 13}, False),
            ({"period": PERIOD}, {"period": {**PERIOD, "end": 1738368001}}, False),
            ({"period": PERIOD}, {"lineItems": [{"title": "CPU", "total": 12}]}, False),
            ({"period": PERIOD}, {}, False),
        ],
    )
    def test_northflank(
        self, server: Scripted, listed: object, detail: object, is_believed: bool
    ) -> None:
        result = fetched(serve_northflank(server, [listed], document({"data": detail})))
        assert (result.results[0].error is None) == is_believed
        assert len(result.rows["northflank", "invoice_details"]) == is_believed

    def test_numbers_are_compared_by_their_value(self, server: Scripted) -> None:
        detail = '{"data":{"period":{"start":1735689600.0,"end":1.738368e9},"total":1200.0}}'
        listed = [{"period": PERIOD, "total": 1200}]
        result = fetched(serve_northflank(server, listed, response(detail)))
        assert result.results[0].error is None

    def test_two_invoices_that_begin_together_get_their_own_lines(self, server: Scripted) -> None:
        first = {"period": PERIOD, "total": 30}
        second = {"period": PERIOD, "total": 10}
        detail = document({"data": {**first, "lineItems": []}})
        result = fetched(serve_northflank(server, [second, first], detail))
        (row,) = result.rows["northflank", "invoice_details"]
        held = {row["document_key"]: row for row in result.rows["northflank", "invoices"]}
        assert json.loads(held[row["listing"]]["document"]) == first
        assert "its `total` is 30, not 10" in result.error

    def test_the_lines_of_two_that_nothing_tells_apart_count_once(self, server: Scripted) -> None:
        same = {"period": PERIOD, "total": 30}
        spelled = {"period": PERIOD, "total": 30.0, "paid": True}
        other = {"period": PERIOD, "total": 31}
        detail = document({"data": {**same, "lineItems": []}})
        result = fetched(serve_northflank(server, [same, spelled, other], detail))
        (row,) = result.rows["northflank", "invoice_details"]
        assert "#" not in row["listing"]
        assert len([r for r in server.requests if r.path.endswith("/details")]) == 2

    @pytest.mark.parametrize(
        "body",
        [
            "{}",
            "[]",
            '{"data":null,"next_page":null}',
            '{"code":"not_found","message":"no"}',
            '{"data":[7],"next_page":null}',
            '{"data":[{"subtotal":"1"}],"next_page":null}',
            '{"data":[{"id":null}],"next_page":null}',
        ],
    )
    def test_lines_of_planetscale(self, server: Scripted, body: str) -> None:
        def answer(request: Request) -> bytes:
            if request.path.endswith("/line-items"):
                return response(body)
            return document({"data": [{"id": "a"}], "next_page": None})

        server.answer = answer
        result = fetched(account("planetscale", server.url))
        assert "a: GET /organizations/acme/invoices/a/line-items: " in result.error
        assert details(result, "planetscale", "line_items") == []

    @pytest.mark.parametrize("body", ["{}", "null", "[]", '{"id":"b"}', '{"message":"down"}'])
    def test_a_single_invoice_of_planetscale(self, server: Scripted, body: str) -> None:
        server.in_turn(response(body))
        keys = {"organization": "acme", "oauth_token": "token", "invoice_ids": ["a"]}
        result = fetched(account("planetscale", server.url, keys))
        assert result.error.startswith("id:a: GET /organizations/acme/invoices/a: ")
        assert result.documents == []
        assert result.results[0].whole_listings == 0


class TestOrder:
    """One that fails for ever takes no other's turn."""

    listed = [{"id": f"{number}"} for number in range(200)]  # noqa: RUF012

    def run(
        self, server: Scripted, lost: set[str], status: str, nights: int
    ) -> list[tuple[set[str], list[str]]]:
        """What came in each night, and what was asked for, in order."""

        def detail(key: str) -> bytes:
            return response("{}", status) if key in lost else good(key)

        versions: dict[str, str] = {}
        failed: list[str] = []
        told = []
        for _ in range(nights):
            known = WarehouseState(details={WHO: KnownDetails(dict(versions), {}, list(failed))})
            result = fetched(serve_mongodb(server, self.listed, detail), known=known)
            came = dict(result.details[WHO])
            versions |= came
            just_failed = list(result.failed_details[WHO])
            failed = [key for key in failed if key not in (*came, *just_failed)] + just_failed
            told.append((set(came), asked(server)))
        return told

    @pytest.mark.parametrize("where", [range(100), range(100, 200), range(0, 200, 2)])
    def test_those_that_are_gone_stop_nothing(self, server: Scripted, where: range) -> None:
        lost = {f"{number}" for number in where}
        first, second = self.run(server, lost, "404 Not Found", 2)
        assert len(first[0]) == 100
        assert set(second[1]) <= lost
        assert len(second[1]) < FAILURES_IN_A_ROW + REQUESTS_AT_ONCE

    def test_a_stretch_that_the_vendor_fails_at_stops_nothing(self, server: Scripted) -> None:
        lost = {f"{number}" for number in range(150)}
        ((came, _),) = self.run(server, lost, "403 Forbidden", 1)
        assert came == {f"{number}" for number in range(150, 200)}

    def test_a_vendor_that_is_down_is_left_alone(self, server: Scripted) -> None:
        lost = {each["id"] for each in self.listed}
        nights = self.run(server, lost, "403 Forbidden", 12)
        for came, tried in nights:
            assert came == set()
            assert FAILURES_IN_A_ROW <= len(tried) < FAILURES_IN_A_ROW + REQUESTS_AT_ONCE
        # None is asked for again before all others were.
        first_round = [key for _, tried in nights for key in tried][: len(self.listed)]
        assert set(first_round) == lost
        server.in_turn(response("{}", "403 Forbidden"))

    def test_what_failed_is_asked_for_last(self, server: Scripted) -> None:
        known = WarehouseState(details={WHO: KnownDetails(failed=["7", "3"])})
        fetched(serve_mongodb(server, self.listed[:20], good), known=known)
        assert set(asked(server)[-REQUESTS_AT_ONCE:]) >= {"7", "3"}
        assert len(asked(server)) == 20

    def test_our_own_mistake_is_of_one_detail(
        self, server: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def mistaken(client: object, url: object, answer: Any, identifier: str) -> msgspec.Raw:
            if identifier == "1":
                raise KeyError("oops")
            return msgspec.Raw(answer)

        monkeypatch.setattr("sources.mongodb.is_of", mistaken)
        result = fetched(serve_mongodb(server, self.listed[:5], good))
        assert "1: internal error in mistaken" in result.error
        assert details(result, "mongodb") == ["0", "2", "3", "4"]

    @given(st.integers(0, 3000))
    def test_each_gets_its_turn(self, count: int) -> None:
        assert sorted(_spread(count)) == list(range(count))


class TestReadAgain:
    """Although the listed document is the same."""

    listed = [{"id": "a"}, {"id": "b"}, {"id": "c"}]  # noqa: RUF012

    def known(self, first: Fetched, unsettled: Mapping[str, str | None]) -> WarehouseState:
        return WarehouseState(details={WHO: KnownDetails(first.details[WHO], unsettled)})

    def test_what_is_unsettled(self, server: Scripted) -> None:
        served = serve_mongodb(server, self.listed, good)
        first = fetched(served)
        server.requests.clear()
        again = fetched(served, known=self.known(first, {"b": "another digest"}))
        assert asked(server) == ["b"]
        assert details(again, "mongodb") == ["b"]

    def test_the_same_detail_makes_nothing_to_load(self, server: Scripted) -> None:
        served = serve_mongodb(server, self.listed, good)
        first = fetched(served)
        (row,) = (row for row in first.rows["mongodb", "invoice_details"] if row["listing"] == "b")
        held = listing_hash(pa.Table.from_pylist([row], SCHEMA))
        again = fetched(served, known=self.known(first, {"b": held}))
        assert details(again, "mongodb") == []
        assert list(again.details[WHO]) == ["b"]

    def test_a_full_refresh_reads_every_detail(self, server: Scripted) -> None:
        served = serve_mongodb(server, self.listed, good)
        first = fetched(served)
        server.requests.clear()
        fetched(served, known=self.known(first, {}), full_refresh=True)
        assert sorted(asked(server)) == ["a", "b", "c"]


def test_without_details_those_of_earlier_versions_are_closed(server: Scripted) -> None:
    first = fetched(serve_mongodb(server, [{"id": "a"}, {"id": "b"}], good))
    known = WarehouseState(details={WHO: KnownDetails(first.details[WHO])})
    served = serve_mongodb(server, [{"id": "a", "n": 2}, {"id": "b"}, {"id": "c"}], good)
    without = replace(served, settings=msgspec.structs.replace(served.settings, details=False))

    second = fetched(without, known=known)
    assert asked(server) == []
    (row,) = second.rows["mongodb", "invoice_details"]
    assert (row["listing"], row["document_key"], row["document"]) == ("a", "", "null")
    assert second.details[WHO] == {"a": ""}

    known = WarehouseState(
        details={WHO: KnownDetails({**first.details[WHO], **second.details[WHO]})}
    )
    assert fetched(without, known=known).rows["mongodb", "invoice_details"] == []
