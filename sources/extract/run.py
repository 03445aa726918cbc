"""One run's fetching: all accounts side by side on a loop of its own, each failing by itself."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import Self

import pyarrow as pa

from sources.client.pool import Pool
from sources.client.retry import RetryPolicy, Wait
from sources.client.unpacking import MEBIBYTE
from sources.extract.account import AccountFetch, AccountResult, FetchEvent
from sources.extract.state import WarehouseState
from sources.vendor import ConfiguredAccount

# Details come one row each, and dlt takes milliseconds for an item, whatever its size: what comes
# in is gathered. A listing of 100,000 comes in several, which dlt copies one after the other.
ROWS_AT_ONCE = 20_000
BYTES_AT_ONCE = 32 * MEBIBYTE
LONGEST_GOODBYE = 20.0

Tables = queue.SimpleQueue[pa.Table | None]


class Fetch:
    """Fetches while it is open (a context manager), and hands over each listing that came whole.

    `tables` is read by the thread that loads; `on_event` and `on_wait` are called on the fetching
    thread. Leaving the context cancels what is under way. The queues have no bound, because dlt
    extracts one vendor's resources after another: a full queue of the last vendor would stop
    nothing but itself.
    """

    def __init__(
        self,
        accounts: Sequence[ConfiguredAccount],
        known: WarehouseState,
        *,
        now: datetime,
        full_refresh: bool = False,
        on_event: Callable[[FetchEvent], None] | None = None,
        on_wait: Callable[[Wait], None] | None = None,
        retry: RetryPolicy | None = None,
        wants_files: bool = False,
    ) -> None:
        self._accounts = [
            AccountFetch(
                account,
                known,
                now,
                full_refresh,
                self._put,
                on_event,
                wants_files=wants_files,
            )
            for account in accounts
        ]
        self._pool = Pool(retry, on_wait)
        self._queues: dict[tuple[str, str], Tables] = {
            (account.vendor, entity): queue.SimpleQueue()
            for account in accounts
            for entity in account.definition.entities
        }
        self._crash: BaseException | None = None
        # True for each table, and False at the end. No event: inside its lock, what a signal raises
        # would leave it taken.
        self._news: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._closing = ExitStack()

    def brings_tables(self) -> bool:
        """Whether there is anything to load. Blocks until the first table is there, or all ended;
        `tables` tells what went wrong, if anything did. To be asked once."""
        return self._news.get() or self._crash is not None

    def tables(self, vendor: str, entity: str) -> Iterator[pa.Table]:
        """Whole listings, as many in one table as fit; ends with the vendor.

        Blocks until a table is full or the vendor has ended. A vendor without accounts has none.
        """
        waiting = self._queues.get((vendor, entity))
        more = waiting is not None
        while more and waiting is not None:
            batch, more = _next_tables(waiting)
            if batch:
                yield from _slices(pa.concat_tables(batch))
        if self._crash is not None:
            raise self._crash

    def results(self) -> list[AccountResult]:
        """One of each account, in the order of the configuration; whole when all tables ended."""
        return [account.result() for account in self._accounts]

    def fetched_details(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        """(vendor, account) → document key → version hash of the listed document, for each detail
        that was fetched in this run; empty for one that was closed."""
        return {account.identity: dict(account.details.fetched) for account in self._accounts}

    def failed_details(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """(vendor, account) → document keys of the details that failed in this run, in order."""
        return {account.identity: list(account.details.failed) for account in self._accounts}

    def file_links(self) -> Mapping[tuple[str, str], Mapping[tuple[str, str], str]]:
        """(vendor, account) → (listing, document key) → where the invoice's file is, of the lists
        that came whole; empty where no files are wanted."""
        return {account.identity: account.file_links for account in self._accounts}

    def __enter__(self) -> Self:
        loop = asyncio.new_event_loop()
        fetching = loop.create_task(self._fetch())
        thread = threading.Thread(
            target=self._work, args=(loop, fetching), name="billhouse-fetch", daemon=True
        )
        thread.start()
        self._closing.callback(_end, loop, fetching, thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.close()

    def _put(self, vendor: str, entity: str, table: pa.Table) -> None:
        self._queues[vendor, entity].put(table)
        self._news.put(True)

    def _work(self, loop: asyncio.AbstractEventLoop, fetching: asyncio.Task[None]) -> None:
        try:
            loop.run_until_complete(fetching)
        except asyncio.CancelledError:
            pass  # the context was left: nobody waits for the rest
        except BaseException as error:
            self._crash = error
        finally:
            # Apart from the task, which may be cancelled while it would close its connections.
            loop.run_until_complete(self._pool.aclose())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            for waiting in self._queues.values():
                waiting.put(None)
            self._news.put(False)

    async def _fetch(self) -> None:
        async with asyncio.TaskGroup() as vendors:
            for vendor in dict.fromkeys(vendor for vendor, _ in self._queues):
                vendors.create_task(self._fetch_vendor(vendor))

    async def _fetch_vendor(self, vendor: str) -> None:
        async with asyncio.TaskGroup() as accounts:
            for account in self._accounts:
                if account.identity[0] == vendor:
                    accounts.create_task(account.run(self._pool))
        for (name, _), waiting in self._queues.items():
            if name == vendor:
                waiting.put(None)


def _end(
    loop: asyncio.AbstractEventLoop, fetching: asyncio.Task[None], thread: threading.Thread
) -> None:
    """Cancel, and wait until it has ended.

    A signal that struck inside an import leaves Python's import lock taken for ever, and the thread
    may need it to close its connections. It is then left to end with the process.
    """
    with suppress(RuntimeError):  # the loop is closed: it has ended already
        loop.call_soon_threadsafe(fetching.cancel)
    thread.join(LONGEST_GOODBYE)


def _slices(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        yield table.slice(start, ROWS_AT_ONCE)


def _next_tables(waiting: Tables) -> tuple[list[pa.Table], bool]:
    """As many as make one item for dlt, and whether more may follow."""
    batch: list[pa.Table] = []
    rows = size = 0
    while (table := waiting.get()) is not None:
        batch.append(table)
        rows += table.num_rows
        size += table.nbytes
        if rows >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            return batch, True
    return batch, False
