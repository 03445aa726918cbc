"""A plain page server: the Atlas routes that a load needs, over HTTP/1.1, from memory.

It checks nothing and makes nothing while it serves, so that the clients are measured and not it:
the sandbox, which speaks the APIs strictly, needs about a millisecond a request.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.documents import ORGANISATION, Ledger

PAGE_SIZE = 100
TOKEN = b'{"access_token":"benchmark","expires_in":3600,"token_type":"Bearer"}'
INVOICES_PATH = f"/api/atlas/v2/orgs/{ORGANISATION}/invoices"
_PAGE_NUMBER = re.compile(rb"[?&]pageNum=(\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class PageServer:
    """`requests` and `bytes` count what was answered, headers apart; `latency` is in seconds."""

    def __init__(self, ledger: Ledger, latency: float) -> None:
        self.latency = latency
        self.requests = 0
        self.bytes = 0
        self.url = ""
        self.connections: set[asyncio.Transport] = set()
        self.serve(ledger)

    def serve(self, ledger: Ledger) -> None:
        """From now on, this ledger's pages."""
        self.ledger = ledger
        self.cents = ledger.cents
        self._pages = self._rendered(ledger)
        self._details = (
            [ledger.detail(number) for number in range(ledger.invoices)] if ledger.lines else []
        )

    def forget_traffic(self) -> None:
        self.requests = self.bytes = 0

    def traffic(self) -> tuple[int, int]:
        return self.requests, self.bytes

    def answer(self, target: bytes) -> bytes:
        """The body for a request's path and query; empty for what isn't served."""
        path, _, query = target.partition(b"?")
        if path.endswith(b"/oauth/token"):
            return TOKEN
        if path.endswith(b"/invoices"):
            asked = _PAGE_NUMBER.search(b"?" + query)
            number = int(asked[1]) if asked else 1
            body = self._pages[min(number, len(self._pages)) - 1]
            return body.replace(b"@", self.url.encode(), 2)
        return self._details[int(path.rpartition(b"/")[2], 16)] if self._details else b""

    def _rendered(self, ledger: Ledger) -> list[bytes]:
        """All pages, and an empty one past the end; `@` stands for the server's address."""
        count = -(-ledger.invoices // PAGE_SIZE)
        pages = []
        for page in range(1, count + 2):
            first = (page - 1) * PAGE_SIZE
            numbers = range(first, min(first + PAGE_SIZE, ledger.invoices))
            links = [_link("self", page)]
            if page < count:
                links.append(_link("next", page + 1))
            pages.append(
                b'{"links":[%s],"totalCount":%d,"results":[%s]}'
                % (b",".join(links), ledger.invoices, b",".join(map(ledger.document, numbers)))
            )
        return pages


class _Connection(asyncio.Protocol):
    def __init__(self, server: PageServer) -> None:
        self._server = server
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport
        self._server.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._transport is not None  # noqa: S101
        self._server.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(rest) < (int(length[1]) if length else 0):
            return
        self._received = b""
        self._answer(self._server.answer(head.split(b" ", 2)[1]))

    def _answer(self, body: bytes) -> None:
        assert self._transport is not None  # noqa: S101
        self._server.requests += 1
        self._server.bytes += len(body)
        status = b"200 OK" if body else b"404 Not Found"
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        answer = (head % (status, len(body)), body)
        if self._server.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._server.latency, self._transport.writelines, answer)
        else:
            self._transport.writelines(answer)


@contextmanager
def serving(ledger: Ledger, latency: float = 0.0) -> Iterator[PageServer]:
    """Serves from a thread of this process, which only waits while the clients work."""
    server = PageServer(ledger, latency)
    loop = asyncio.new_event_loop()
    # All of it on the thread: a loop of somebody else's may be running on this one.
    thread = threading.Thread(target=loop.run_forever, name="page-server", daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(
        loop.create_server(lambda: _Connection(server), "127.0.0.1", 0), loop
    ).result()
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_close(listening, server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(listening: asyncio.Server, server: PageServer) -> None:
    listening.close()
    for transport in list(server.connections):
        transport.close()
    # A transport is gone in the round after the one in which it was closed.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _link(relation: str, page: int) -> bytes:
    address = f"@{INVOICES_PATH}?itemsPerPage={PAGE_SIZE}&pageNum={page}&viewLinkedInvoices=false"
    return f'{{"rel":"{relation}","href":"{address}"}}'.encode()
