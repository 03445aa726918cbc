"""The bytes of an answer, unpacked piece by piece: a few kilobytes of gzip can hold gigabytes.

httpx unpacks each piece that comes as a whole, and one coding inside another, before anybody can
look at the size. So it is asked for gzip alone, and gets every answer unpacked and counted.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator

import httpx

from sources.errors import UnusableAnswer

MEBIBYTE = 1024 * 1024
PIECE = MEBIBYTE
# What an answer may hold where its request doesn't say, under this key of its extensions.
LIMIT = "billhouse.limit"
DEFAULT_LIMIT = 64 * MEBIBYTE

ACCEPTED = "gzip"
_GZIP = frozenset({"gzip", "x-gzip"})
_PACKED = _GZIP | {"deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"}
_ONLY_GZIP = zlib.MAX_WBITS | 16
_MEMBER = b"\x1f\x8b"


async def unpacked_within_limit(response: httpx.Response) -> None:
    """A response hook of httpx's: the response is then read like one that was never packed."""
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101
    named = response.headers.get("Content-Encoding", "").lower().split(",")
    codings = [coding.strip() for coding in named if coding.strip() in _PACKED]
    if codings:
        del response.headers["Content-Encoding"]
    response.stream = _Counted(response.stream, codings, response.request)


class _Counted(httpx.AsyncByteStream):
    def __init__(
        self, stream: httpx.AsyncByteStream, codings: list[str], request: httpx.Request
    ) -> None:
        self._stream = stream
        self._codings = codings
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        limit = self._request.extensions.get(LIMIT, DEFAULT_LIMIT)
        size = 0
        async for piece in self._unpacked() if self._codings else self._stream:
            size += len(piece)
            if size > limit:
                problem = f"the answer is larger than {limit / MEBIBYTE:g} MiB"
                raise UnusableAnswer(self._request, problem)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def _unpacked(self) -> AsyncIterator[bytes]:
        self._refuse_what_was_not_asked_for()
        unpacking = zlib.decompressobj(_ONLY_GZIP)
        began = False
        packed = b""
        async for came in self._stream:
            began = True
            packed += came
            try:
                while packed and (not unpacking.eof or packed.startswith(_MEMBER)):
                    if unpacking.eof:  # RFC 1952: one member follows the other
                        unpacking = zlib.decompressobj(_ONLY_GZIP)
                    for piece in _pieces(unpacking, packed):
                        yield piece
                    packed = unpacking.unused_data
                # What follows and is no member counts for nothing, however long it is.
                packed = packed[: len(_MEMBER)]
            except zlib.error as error:
                raise httpx.DecodingError(str(error), request=self._request) from None
        if began and not unpacking.eof:
            raise httpx.DecodingError("it ends too early", request=self._request)

    def _refuse_what_was_not_asked_for(self) -> None:
        if len(self._codings) > 1 or self._codings[0] not in _GZIP:
            raise UnusableAnswer(
                self._request,
                f"the answer is packed as {', '.join(self._codings)[:80]}, though gzip alone, "
                "and once, was asked for",
                "Check base_url, and any proxy or gateway before it.",
            )


def _pieces(unpacking: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    while True:
        piece = unpacking.decompress(packed, PIECE)
        if piece:
            yield piece
        packed = unpacking.unconsumed_tail
        if len(piece) < PIECE and not packed:
            return
