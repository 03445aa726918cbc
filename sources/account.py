"""One account's fetching: its listings, then the details of what is new or changed in them."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from sources.errors import SourceError
from sources.http import Client
from sources.known import Known
from sources.limits import REQUESTS_AT_ONCE
from sources.listing import ListingTable, digest
from sources.pool import Pool
from sources.renames import refuse_renamed
from sources.unique_keys import HeldKey, MadeKeys
from sources.vendor import ConfiguredAccount, Listing, Window

# So many failures in a row mean that the vendor is down, not that a document is odd.
DETAIL_FAILURES_IN_A_ROW = 20
LEFT_ALONE = f"After {DETAIL_FAILURES_IN_A_ROW} failures in a row the other details were left alone"
FAILURES_TOLD = 10


@dataclass(frozen=True)
class FetchEvent:
    """Progress: an account's requests and documents so far, and what has just finished."""

    vendor: str
    account: str
    requests: int
    documents: int
    finished: str


@dataclass(frozen=True)
class AccountResult:
    """How an account went. `documents` counts details too; `error` is None when all came whole."""

    vendor: str
    account: str
    outcome: Literal["ok", "failed"]
    requests: int
    documents: int
    seconds: float
    error: str | None


class AccountFetch:
    """Fetches one account, gives each whole listing to `put`, and remembers how it went."""

    def __init__(
        self,
        configured: ConfiguredAccount,
        known: Known,
        now: datetime,
        full_refresh: bool,
        put: Callable[[str, str, pa.Table], None],
        on_event: Callable[[FetchEvent], None] | None = None,
    ) -> None:
        self.identity = (configured.vendor, configured.name)
        self.fetched_details: dict[str, str] = {}
        self._configured = configured
        self._vendor = configured.definition
        self._known_listings = known.listings.get(self.identity, {})
        self._known_details = known.details.get(self.identity, {})
        self._former = known.former_accounts.get(self.identity, ())
        self._made_keys = MadeKeys(self._held_keys(known))
        self._window = Window(
            now=now,
            settings=configured.settings,
            held=frozenset(self._known_listings),
            first_loaded_at=known.first_loaded_at.get(self.identity),
            full_refresh=full_refresh,
        )
        self._put = put
        self._on_event = on_event
        self._client: Client | None = None
        self._failures: dict[str, list[str]] = {}
        self._documents = 0
        self._seconds = 0.0
        self._finished = False

    def result(self) -> AccountResult:
        error = self._error()
        vendor, account = self.identity
        requests = self._client.requests if self._client else 0
        outcome: Literal["ok", "failed"] = "ok" if error is None else "failed"
        return AccountResult(
            vendor, account, outcome, requests, self._documents, self._seconds, error
        )

    async def run(self, pool: Pool) -> None:
        async with pool.client(self._configured) as client:
            await self._run(client)

    async def _run(self, client: Client) -> None:
        started = time.monotonic()
        self._client = client
        try:
            await self._fetch_listings(client)
            self._finished = True
        except SourceError as error:
            self._fail("", error.summary)
        except Exception as error:  # one account's surprise must not stop the others
            self._fail("", _surprise(error, client))
        finally:
            self._seconds = time.monotonic() - started
        self._tell("account")

    async def _fetch_listings(self, client: Client) -> None:
        invoices = self._vendor.entities[0]
        listings = self._vendor.listings(self._configured.account, self._window)
        if self._former:
            await refuse_renamed(client, self._configured, listings, self._former)
        async with asyncio.TaskGroup() as group:
            for listing in listings:
                group.create_task(self._fetch_with_details(client, invoices, listing))

    async def _fetch_with_details(self, client: Client, entity: str, listing: Listing) -> None:
        table = await self._fetch_listing(client, entity, listing)
        wants_details = self._vendor.detail is not None and self._window.settings.details
        if table is not None and wants_details:
            await self._fetch_details(client, table)

    async def _fetch_listing(
        self, client: Client, entity: str, listing: Listing
    ) -> pa.Table | None:
        """The listing's table, once it is whole, and put unless it is held already; None where it
        failed."""
        vendor, account = self.identity
        is_listed = entity == self._vendor.entities[0]
        gathered = ListingTable(
            vendor,
            account,
            listing.name,
            self._vendor.volatile_fields,
            self._made_keys if is_listed else None,
            self._vendor.amount,
        )
        try:
            async for page in listing.pages(client):
                gathered.add((listing.key(document), document) for document in page)
        except SourceError as error:
            self._fail(listing.name, error.summary)
            return None
        self._documents += gathered.documents
        table = gathered.table()
        held = self._known_listings.get(listing.name) if is_listed else None
        if held is None or held != digest(table):
            self._put(vendor, entity, table)
        self._tell(f"{entity} {listing.name}")
        return table

    async def _fetch_details(self, client: Client, table: pa.Table) -> None:
        """As many at once as may be sent, and no more tasks: there may be 100,000 details."""
        due = self._due_details(table)
        failures_in_a_row = 0

        async def fetch_next() -> None:
            nonlocal failures_in_a_row
            for listing, version in due:
                if await self._fetch_listing(client, self._vendor.entities[1], listing) is None:
                    failures_in_a_row += 1
                else:
                    failures_in_a_row = 0
                    self.fetched_details[listing.name] = version
                if failures_in_a_row >= DETAIL_FAILURES_IN_A_ROW:
                    due.close()
                    self._fail("", LEFT_ALONE)
                    return

        async with asyncio.TaskGroup() as group:
            for _ in range(REQUESTS_AT_ONCE):
                group.create_task(fetch_next())

    def _due_details(self, table: pa.Table) -> Generator[tuple[Listing, str]]:
        """What is new, has changed, or has no detail yet, with its listed document's hash."""
        detail = self._vendor.detail
        assert detail is not None  # noqa: S101
        for batch in table.to_batches():
            keys, documents, versions = (
                batch.column(name) for name in ("document_key", "document", "version_hash")
            )
            for row in range(batch.num_rows):
                key, version = keys[row].as_py(), versions[row].as_py()
                if key == "" or self._known_details.get(key) == version:
                    continue
                listing = detail(self._configured.account, key, documents[row].as_py().encode())
                if listing is not None:
                    yield listing, version

    def _held_keys(self, known: Known) -> Iterator[HeldKey]:
        if (amount := self._vendor.amount) is None:
            return
        for held in known.made_keys.get(self.identity, ()):
            yield HeldKey(held.key, amount(held.document), held.is_listed)

    def _fail(self, listing: str, problem: str) -> None:
        self._failures.setdefault(problem, []).append(listing)
        self._tell(f"{listing or 'account'} failed")

    def _error(self) -> str | None:
        """All failures: each problem once, with the listings that met it."""
        told = [
            f"{_some(listings)}: {problem}" if any(listings) else problem
            for problem, listings in sorted(self._failures.items(), key=lambda item: any(item[1]))
        ]
        if len(told) > FAILURES_TOLD:
            told[FAILURES_TOLD:] = [f"and {len(told) - FAILURES_TOLD} further failures"]
        if not told and not self._finished:
            told.append("It was stopped before it was done. The next run fetches what is missing.")
        return " | ".join(told) or None

    def _tell(self, finished: str) -> None:
        if self._on_event is not None and self._client is not None:
            vendor, account = self.identity
            requests = self._client.requests
            self._on_event(FetchEvent(vendor, account, requests, self._documents, finished))


def _some(listings: list[str]) -> str:
    more = f" and {len(listings) - 3} more" if len(listings) > 3 else ""
    return ", ".join(sorted(listings)[:3]) + more


def _surprise(error: BaseException, client: Client) -> str:
    """An error in our own code, told with the place, since nobody is there to see a traceback."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    last = traceback.extract_tb(error.__traceback__)[-1]
    return client.redact(
        f"internal error in {last.name} ({last.filename}:{last.lineno}): "
        f"{type(error).__name__}: {error}. Please report it with this message."
    )
