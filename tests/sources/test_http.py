"""The client against a server that misbehaves in every way that we know of."""

from __future__ import annotations

import asyncio
import gzip
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sources.client import client
from sources.client.limits import REQUESTS_AT_ONCE, Rate, RateLimiter
from sources.client.responses import PAGE_LIMIT
from sources.client.retry import RetryPolicy, parse_retry_after, retry_after
from tests.sources.fetching import AT_ONCE, TOKEN, account, fetched
from tests.sources.scripted import Request, Scripted, document, response, scripted

EMPTY = document({"invoices": []})


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 524, 527, 530, 599])
def test_what_may_pass_is_tried_again(server: Scripted, status: int) -> None:
    refusal = response("busy", f"{status} Busy", "text/plain")
    server.in_turn(refusal, refusal, EMPTY)

    result = fetched(account("turso", server.url)).results[0]

    assert result.outcome == "ok"
    assert result.requests == len(server.requests) == 4


def test_five_attempts_in_all(server: Scripted) -> None:
    server.in_turn(response("maintenance", "503 Service Unavailable", "text/plain"))

    error = fetched(account("turso", server.url)).error

    assert len(server.requests) == 10  # five for each of the two listings
    assert "issued, upcoming: GET /v1/organizations/acme/invoices" in error
    assert "answered 503 Service Unavailable: «maintenance» (5 attempts)" in error
    assert "the next run tries again" in error


@pytest.mark.parametrize(
    "status",
    [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "501 Not Implemented",
        "505 HTTP Version Not Supported",
    ],
)
def test_what_does_not_pass_is_tried_once(server: Scripted, status: str) -> None:
    server.in_turn(response('{"error":"no"}', status))
    error = fetched(account("turso", server.url)).error
    assert len(server.requests) == 2
    assert f"answered {status}" in error


BROKEN = {
    "no answer": b"",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": response('{"invoices":[]}')[:-4],
    "garbled gzip": response(b"\x1f\x8bgarbage", Content_Encoding="gzip"),
    "half a gzip": response(gzip.compress(b'{"invoices":[]}')[:-12], Content_Encoding="gzip"),
    "half a document": response('{"invoices":[{"invoice_number":'),
    "not UTF-8": response(b'{"invoices":["\xff"]}'),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_tried_again(server: Scripted, broken: bytes) -> None:
    server.in_turn(broken, broken, EMPTY)
    assert fetched(account("turso", server.url)).results[0].outcome == "ok"
    assert len(server.requests) == 4


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_fails_the_listing_at_last(server: Scripted, broken: bytes) -> None:
    server.in_turn(broken)
    result = fetched(account("turso", server.url))
    assert "(5 attempts)" in result.error
    assert result.documents == []


def test_no_connection() -> None:
    with scripted() as gone:
        url = gone.url
    error = fetched(account("turso", url)).error
    assert f"no connection to {url}" in error
    assert "Check the network" in error


def test_a_silent_server_is_given_up(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_: Request) -> bytes:
        time.sleep(0.3)
        return EMPTY

    server.answer = silent
    monkeypatch.setattr(client, "ATTEMPT_SECONDS", 0.1)
    error = fetched(account("turso", server.url), retry=replace(AT_ONCE, attempts=1)).error
    assert "no whole answer (it took too long as a whole) (1 attempts)" in error


def test_a_page_for_people_is_no_document(server: Scripted) -> None:
    page = f"<html>\n<title>Sign in</title> {TOKEN} {'x' * 200}"
    server.in_turn(response(page, content_type="text/html; charset=utf-8"))

    error = fetched(account("turso", server.url)).error

    assert "answered 200 OK, but no JSON: text/html; charset=utf-8, " in error
    assert "«<html> <title>Sign in</title> [removed] xxx" in error
    assert "x" * 81 not in error
    assert TOKEN not in error


def test_another_shape_is_no_list(server: Scripted) -> None:
    server.in_turn(document({"results": []}))
    assert (
        "the JSON has another shape than documented: Object missing required field `invoices`"
        in (fetched(account("turso", server.url)).error)
    )


def test_the_status_counts_even_where_its_text_is_lost(server: Scripted) -> None:
    server.in_turn(response(b"garbage", "403 Forbidden", Content_Encoding="gzip"))
    error = fetched(account("turso", server.url)).error
    assert "answered 403 Forbidden (its text didn't come whole)" in error
    assert len(server.requests) == 2


def test_an_answer_without_measure_is_refused(server: Scripted) -> None:
    server.in_turn(response(b" " * (PAGE_LIMIT + 1)))
    assert "the answer is larger than 64 MiB" in fetched(account("turso", server.url)).error
    assert len(server.requests) == 2


def test_a_redirect_is_not_followed(server: Scripted) -> None:
    with scripted() as elsewhere:
        server.in_turn(
            response("", "302 Found", Location=f"{elsewhere.url}/login?token=1", Content_Type="-")
        )
        error = fetched(account("turso", server.url)).error
        assert f"answered 302 Found, a redirect to {elsewhere.url}, which is not followed" in error
        assert elsewhere.requests == []


class TestRetryAfter:
    def test_seconds_are_waited_by_the_whole_account(self, server: Scripted) -> None:
        times: list[float] = []

        def answer(_: Request) -> bytes:
            times.append(time.monotonic())
            if len(times) == 1:
                return response("{}", "429 Too Many Requests", Retry_After="1")
            return document([])

        server.answer = answer
        result = fetched(account("versori", server.url), retry=AT_ONCE).results[0]

        assert result.outcome == "ok"
        # Those that were already under way when the answer came may follow it closely.
        late = [at - times[0] for at in times if at - times[0] > 0.5]
        assert len(late) >= 26 - REQUESTS_AT_ONCE
        assert min(late) >= 0.95

    def test_a_date_is_obeyed(self, server: Scripted) -> None:
        in_two_seconds = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        server.in_turn(response("{}", "503 Busy", Retry_After=in_two_seconds), EMPTY)
        started = time.monotonic()
        assert fetched(account("turso", server.url)).results[0].outcome == "ok"
        assert time.monotonic() - started > 0.9

    @pytest.mark.parametrize("hint", ["0", "-5", "Tue, 17 Mar 2026 11:00:00 GMT", "0.001", ""])
    def test_a_wait_of_nothing_leaves_the_backoff_as_it_is(
        self, server: Scripted, hint: str
    ) -> None:
        times: list[float] = []

        def answer(_: Request) -> bytes:
            times.append(time.monotonic())
            if times[-1] - times[0] < 0.5:
                return response("{}", "429 Too Many Requests", Retry_After=hint)
            return document([])

        server.answer = answer
        policy = RetryPolicy(initial_wait=0.3, longest_wait=0.6, jitter=0.0)
        result = fetched(account("versori", server.url), retry=policy).results[0]

        assert result.outcome == "ok"
        # The account's other 18 months are held back too.
        assert sum(at - times[0] < 0.25 for at in times) <= REQUESTS_AT_ONCE

    @pytest.mark.parametrize("status", ["408 Request Timeout", "500 Oops", "503 Busy", "521 Down"])
    def test_a_fraction_is_obeyed_on_whatever_may_pass(self, server: Scripted, status: str) -> None:
        server.in_turn(response("{}", status, Retry_After="0.75"), EMPTY)
        started = time.monotonic()
        assert fetched(account("turso", server.url)).results[0].outcome == "ok"
        assert time.monotonic() - started > 0.75

    def test_a_hint_beside_what_does_not_pass_is_nothing(self, server: Scripted) -> None:
        server.in_turn(response("{}", "403 Forbidden", Retry_After="7200"))
        assert "answered 403 Forbidden" in fetched(account("turso", server.url)).error

    @pytest.mark.parametrize("wait", ["121", "120.5", "31536000"])
    def test_a_long_wait_fails_at_once(self, server: Scripted, wait: str) -> None:
        server.in_turn(response("{}", "429 Too Many Requests", Retry_After=wait))
        error = fetched(account("turso", server.url)).error
        assert len(server.requests) == 2
        assert "answered 429 and asks to wait " in error
        assert ", more than the 120 s that a run waits" in error

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("7", 7.0),
            (" 0 ", 0.0),
            ("Tue, 17 Mar 2026 12:00:30 GMT", 30.0),
            ("Tue, 17 Mar 2026 11:00:00 GMT", 0.0),
            ("soon", None),
            ("-5", None),
            ("", None),
            ("4.4", 4.4),
            ("299.997", 299.997),
            (".5", 0.5),
            ("\t4,4 ", 4.4),
            ("30s", 30.0),
            ("30 seconds", 30.0),
            ("2026-03-17T12:00:30Z", 30.0),
            ("1773748830", 30.0),
            ("Tue, 17 Mar 99999 12:00:30 GMT", None),
            ("\u0664", None),
            ("1773748830000", None),
            ("9" * 400, None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None),
            ("86400", 86400.0),
        ],
    )
    def test_forms(self, value: str, seconds: float | None) -> None:
        assert parse_retry_after(value, datetime(2026, 3, 17, 12, tzinfo=UTC)) == seconds

    def test_the_longest_of_several_counts(self) -> None:
        now = datetime(2026, 3, 17, 12, tzinfo=UTC)
        assert retry_after(["soon", "3", "7", "5"], now) == 7.0
        assert retry_after([], now) is None


def test_the_rate_holds_in_every_window() -> None:
    async def acquired() -> list[float]:
        limiter = RateLimiter(Rate(10, 1))
        times: list[float] = []
        for _ in range(25):
            await limiter.acquire()
            times.append(asyncio.get_running_loop().time())
        return times

    times = asyncio.run(acquired())
    assert all(later - first > 0.99 for first, later in zip(times, times[10:], strict=False))
    assert times[-1] - times[0] < 3


def test_an_account_keeps_to_its_rate(server: Scripted) -> None:
    server.in_turn(document([]))
    result = fetched(account("versori", server.url, rate=Rate(20, 1))).results[0]
    assert result.requests == 26
    assert 0.9 < result.seconds < 10


def test_a_cookie_of_one_account_never_reaches_another(server: Scripted) -> None:
    server.in_turn(document({"invoices": []}, Set_Cookie="session=first; Path=/"))
    fetched(account("turso", server.url, name="a"), account("turso", server.url, name="b"))
    assert all("cookie" not in request.headers for request in server.requests)


class TestPagingLinks:
    @pytest.mark.parametrize("scheme", ["http://user:password@", "http://"])
    def test_a_foreign_one_gets_no_request(self, server: Scripted, scheme: str) -> None:
        with scripted() as foreign:
            link = foreign.url.replace("http://", scheme) + "/next"
            server.in_turn(document({"results": [], "links": [{"rel": "next", "href": link}]}))
            error = fetched(account("mongodb", server.url)).error
            assert f"leads to another server ({foreign.url}, not {server.url})" in error
            assert foreign.requests == []
            assert "password" not in error

    def test_one_that_repeats_ends_the_listing(self, server: Scripted) -> None:
        server.in_turn(document({"results": [], "links": [{"rel": "next", "href": "?pageNum=2"}]}))
        error = fetched(account("mongodb", server.url)).error
        assert "the paging leads back to a page already read" in error
        assert len(server.requests) == 2

    def test_a_cursor_that_repeats_ends_the_listing(self, server: Scripted) -> None:
        pagination = {"hasNextPage": True, "cursor": "again", "count": 0}
        server.in_turn(document({"data": {"invoices": []}, "pagination": pagination}))
        assert "already read" in fetched(account("northflank", server.url)).error
        assert len(server.requests) == 2

    def test_a_number_that_never_ends_is_bounded(
        self, server: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sources.client.paging.PAGE_BOUND", 20)

        def endless(request: Request) -> bytes:
            return document({"data": [], "next_page": int(request.query.get("page", "1")) + 1})

        server.answer = endless
        assert "more than 20 pages, and no end" in fetched(account("planetscale", server.url)).error
