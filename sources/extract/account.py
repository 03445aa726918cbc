"""One account's fetching: its listings, then the details of what is new or changed in them."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

import pyarrow as pa

from sources.client.client import Client
from sources.client.pool import Pool
from sources.errors import NotYetError, SourceError
from sources.extract.details import Details
from sources.extract.due import KnownDetails
from sources.extract.gathering import gather
from sources.extract.listing import ListingTable, listing_hash
from sources.extract.renames import refuse_renamed
from sources.extract.state import WarehouseState
from sources.extract.unique_keys import HeldKey, MadeKeys
from sources.vendor import ConfiguredAccount, InvoiceFiles, Listing, Window

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
    """How an account went. `documents` counts details too; `error` is None when all came whole.

    `whole_listings`: how many lists of invoices came whole, whatever else failed.
    """

    vendor: str
    account: str
    outcome: Literal["ok", "failed"]
    requests: int
    documents: int
    seconds: float
    error: str | None
    whole_listings: int


class AccountFetch:
    """Fetches one account, gives each whole listing to `put`, and remembers how it went."""

    def __init__(
        self,
        configured: ConfiguredAccount,
        known: WarehouseState,
        now: datetime,
        full_refresh: bool,
        put: Callable[[str, str, pa.Table], None],
        on_event: Callable[[FetchEvent], None] | None = None,
        *,
        wants_files: bool = False,
    ) -> None:
        self.identity = (configured.vendor, configured.name)
        self._configured = configured
        self._vendor = configured.definition
        self._known_listings = known.listings.get(self.identity, {})
        self._former = known.former_accounts.get(self.identity, ())
        self._made_keys = MadeKeys(self._held_keys(known))
        self.details = Details(self._detail_of, known.details.get(self.identity, KnownDetails()))
        self._window = Window(
            now=now,
            settings=configured.settings,
            held=frozenset(self._known_listings),
            first_loaded_at=known.first_loaded_at.get(self.identity),
            full_refresh=full_refresh,
            documents=known.documents.get(self.identity),
            known=known.known_documents.get(self.identity, {}),
            fail=self._fail,
        )
        self._files = self._vendor.files if wants_files else None
        self.file_links: dict[tuple[str, str], str] = {}
        self._put = put
        self._on_event = on_event
        self._client: Client | None = None
        self._failures: dict[str, list[str]] = {}
        self._documents = 0
        self._whole_listings = 0
        self._seconds = 0.0
        self._finished = False

    def result(self) -> AccountResult:
        error = self._error()
        vendor, account = self.identity
        requests = self._client.requests if self._client else 0
        outcome: Literal["ok", "failed"] = "ok" if error is None else "failed"
        return AccountResult(
            vendor,
            account,
            outcome,
            requests,
            self._documents,
            self._seconds,
            error,
            self._whole_listings,
        )

    async def run(self, pool: Pool) -> None:
        async with pool.client(self._configured.caller()) as client:
            await self._run(client)

    async def _run(self, client: Client) -> None:
        started = time.monotonic()
        self._client = client
        try:
            await self._fetch_listings(client)
            self._finished = True
        except Exception as error:  # one account's surprise must not stop the others
            self._fail("", error)
        finally:
            self._seconds = time.monotonic() - started
        self._tell("account")

    async def _fetch_listings(self, client: Client) -> None:
        listings = self._vendor.listings(self._configured.account, self._window)
        if self._former:
            await refuse_renamed(client, self._configured, listings, self._former, self._new_table)
        async with asyncio.TaskGroup() as group:
            for listing in listings:
                group.create_task(self._fetch_with_details(client, listing))

    async def _fetch_with_details(self, client: Client, listing: Listing) -> None:
        """What fails of one listing, or isn't made yet, leaves the others as they come."""
        held = self._known_listings.get(listing.name)
        try:
            table = await self._load(client, self._vendor.entities[0], listing, held)
            self._whole_listings += 1
            if self._files is not None:
                self._read_links(listing.name, self._files, table)
            if self._vendor.detail is not None and self._window.settings.details:
                load = partial(self._load, client, self._vendor.entities[1])
                full = self._window.full_refresh
                await self.details.fetch(table, load, self._fail, full_refresh=full)
            elif self._vendor.detail is not None:
                self._close_outdated_details(table)
        except NotYetError:
            self._tell(f"{listing.name} not yet")
        except Exception as error:
            self._fail(listing.name, error)

    async def _load(
        self, client: Client, entity: str, listing: Listing, held: str | None
    ) -> pa.Table:
        """The listing's table, once it is whole, and put unless the warehouse holds just that."""
        gathered = await gather(client, listing, partial(self._new_table, listing, entity))
        self._documents += gathered.documents
        table = gathered.table()
        if held is None or held != listing_hash(table):
            self._put(self._vendor.name, entity, table)
        self._tell(f"{entity} {listing.name}")
        return table

    def _read_links(self, listing: str, files: InvoiceFiles[Any], table: pa.Table) -> None:
        """Of what is listed now: `raw` keeps a link as it was when the rest of its document came,
        and it may have expired since."""
        columns = (table.column(name).to_pylist() for name in ("document_key", "document"))
        for key, document in zip(*columns, strict=True):
            if key and (link := files.link(self._configured.account, document.encode())):
                self.file_links[listing, key] = link

    def _new_table(self, listing: Listing, entity: str = "invoices") -> ListingTable:
        """Made keys tell lines apart within their invoice, and invoices in all lists."""
        is_of_invoices = entity == self._vendor.entities[0]
        return ListingTable(
            *self.identity,
            listing.name,
            self._vendor.volatile_fields,
            self._made_keys if is_of_invoices else None,
            self._vendor.amount if is_of_invoices else None,
            self._vendor.never_kept,
        )

    def _close_outdated_details(self, table: pa.Table) -> None:
        """An empty listing closes the detail of what has changed since, which nobody fetches."""
        vendor, account = self.identity
        for key in self.details.outdated(table):
            self._put(vendor, self._vendor.entities[1], ListingTable(vendor, account, key).table())

    def _detail_of(self, key: str, document: bytes) -> Listing | None:
        assert self._vendor.detail is not None  # noqa: S101
        return self._vendor.detail(self._configured.account, key, document)

    def _held_keys(self, known: WarehouseState) -> Iterator[HeldKey]:
        if (amount := self._vendor.amount) is None:
            return
        for held in known.made_keys.get(self.identity, ()):
            yield HeldKey(held.key, amount(held.document), held.is_listed)

    def _fail(self, listing: str, error: Exception | str) -> None:
        assert self._client is not None  # noqa: S101
        if isinstance(error, SourceError):
            problem = error.summary
        else:
            problem = error if isinstance(error, str) else _surprise(error, self._client)
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
