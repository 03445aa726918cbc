"""However an answer is packed, no more of it is ever unpacked than it may have."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from sources.client.unpacking import LIMIT, MEBIBYTE, unpacked_within_limit
from sources.errors import UnusableAnswer
from tests.sources.fetching import CREDENTIALS, TOKEN, account, fetched
from tests.sources.scripted import Request, Scripted, document, response


def packed_blanks(mebibytes: int) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    pieces = [packing.compress(b" " * MEBIBYTE) for _ in range(mebibytes)]
    return b"".join([*pieces, packing.flush()])


class Pieces(httpx.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def unpacked(*pieces: bytes, coding: str | None = "gzip", limit: int = MEBIBYTE) -> bytes:
    async def read() -> bytes:
        request = httpx.Request("GET", "https://vendor.example", extensions={LIMIT: limit})
        headers = {} if coding is None else {"Content-Encoding": coding}
        answer = httpx.Response(200, headers=headers, stream=Pieces(*pieces), request=request)
        await unpacked_within_limit(answer)
        return await answer.aread()

    return asyncio.run(read())


@pytest.mark.parametrize("size", [0, 1, 7, 65_536, MEBIBYTE - 1, MEBIBYTE])
@pytest.mark.parametrize("step", [1_000, 10**9])
def test_what_is_within_the_limit_comes_whole(size: int, step: int) -> None:
    body = bytes(number % 251 for number in range(size))
    packed = gzip.compress(body, mtime=0)
    pieces = [packed[start : start + step] for start in range(0, len(packed), step)]
    assert unpacked(*pieces) == body
    assert unpacked(body, coding=None) == unpacked(body, coding="identity") == body


@pytest.mark.parametrize("step", [1, 7, 10**9])
@pytest.mark.parametrize("rest", [b"", b"\0" * 9, b"garbage"])
def test_several_members_are_one_body(step: int, rest: bytes) -> None:
    members = [gzip.compress(part, mtime=0) for part in (b"one ", b"", b"two " * 99, b"three")]
    packed = b"".join(members) + rest
    pieces = [packed[start : start + step] for start in range(0, len(packed), step)]
    assert unpacked(*pieces) == b"one " + b"two " * 99 + b"three"


def test_members_are_counted_together() -> None:
    half = gzip.compress(b" " * (MEBIBYTE // 2 + 1), mtime=0)
    with pytest.raises(UnusableAnswer, match="larger than 1 MiB"):
        unpacked(half, half)


def test_a_broken_second_member_is_no_answer() -> None:
    with pytest.raises(httpx.DecodingError):
        unpacked(gzip.compress(b"a", mtime=0) + gzip.compress(b"text" * 100, mtime=0)[:-9])


@pytest.mark.parametrize("coding", [None, "gzip", "X-GZIP"])
def test_a_byte_more_is_refused(coding: str | None) -> None:
    body = b" " * (MEBIBYTE + 1)
    with pytest.raises(UnusableAnswer) as caught:
        unpacked(body if coding is None else gzip.compress(body, mtime=0), coding=coding)
    assert caught.value.problem == "the answer is larger than 1 MiB"


def test_no_more_memory_than_the_limit_and_a_piece() -> None:
    packed = packed_blanks(128)
    tracemalloc.start()
    try:
        with pytest.raises(UnusableAnswer):
            unpacked(packed)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * MEBIBYTE


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,gzip", "br, gzip", "deflate", "br", "zstd"])
def test_what_was_not_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(UnusableAnswer, match="though gzip alone, and once, was asked for"):
        unpacked(b"anything", coding=coding)


@pytest.mark.parametrize("packed", [b"garbage", gzip.compress(b"text" * 100, mtime=0)[:-9]])
def test_what_is_broken_is_no_answer(packed: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        unpacked(packed)


def test_gzip_alone_is_asked_for(server: Scripted) -> None:
    server.in_turn(response(gzip.compress(b'{"invoices":[]}', mtime=0), Content_Encoding="gzip"))
    assert fetched(account("turso", server.url)).results[0].outcome == "ok"
    assert {request.headers["accept-encoding"] for request in server.requests} == {"gzip"}


def test_one_coding_inside_another_fails_the_listing(server: Scripted) -> None:
    server.in_turn(response(gzip.compress(packed_blanks(200)), Content_Encoding="gzip, gzip"))
    error = fetched(account("turso", server.url)).error
    assert "GET /v1/organizations/acme/invoices: the answer is packed as gzip, gzip" in error
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "keys", [None, {"org_id": "acme", "client_id": "c", "client_secret": TOKEN}]
)
def test_answers_on_the_way_to_a_credential_have_a_limit_too(
    server: Scripted, keys: dict[str, str] | None
) -> None:
    """The challenge of a digest, and what a token request is answered with."""

    def answer(request: Request) -> bytes:
        if request.method == "POST":
            return response(packed_blanks(2), Content_Encoding="gzip")
        challenge = 'Digest realm="r", nonce="n", qop="auth"'
        return response(
            packed_blanks(65), "401 No", WWW_Authenticate=challenge, Content_Encoding="gzip"
        )

    server.answer = answer
    error = fetched(account("mongodb", server.url, keys or CREDENTIALS["mongodb"])).error
    assert f"the answer is larger than {64 if keys is None else 1} MiB" in error


def test_a_busy_server_that_packs_strangely_is_tried_again(server: Scripted) -> None:
    busy = response("?", "503 Busy", Content_Encoding="br")
    server.in_turn(busy, busy, document({"invoices": []}))
    assert fetched(account("turso", server.url)).results[0].outcome == "ok"
