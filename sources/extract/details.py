"""Fetching an account's details: as many at once as may be sent, each failing by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pyarrow as pa

from sources.client.limits import REQUESTS_AT_ONCE
from sources.errors import NotYetError, SourceError
from sources.extract.due import DetailOf, KnownDetails, due_details, outdated_details
from sources.vendor import Listing

# So many failures in a row mean that the vendor is down, not that a document is odd.
FAILURES_IN_A_ROW = 20
LEFT_ALONE = f"After {FAILURES_IN_A_ROW} failures in a row the other details were left alone"
# What a vendor that is not down says of a document that it doesn't have, or no more.
OF_ONE_DOCUMENT = frozenset({400, 404, 410, 422})

Load = Callable[[Listing, str | None], Awaitable[object]]
"""Fetches a detail and puts it, unless its digest is the one given. Raises what went wrong."""


class Details:
    """What came of an account's details. The keys are those of invoices.

    `fetched`: the version hash of the listed document for which each was fetched; empty for one
    that was closed. `failed`: those that failed, in this order.
    """

    def __init__(self, detail_of: DetailOf, known: KnownDetails) -> None:
        self.fetched: dict[str, str] = {}
        self.failed: list[str] = []
        self._detail_of = detail_of
        self._known = known

    async def fetch(
        self,
        table: pa.Table,
        load: Load,
        fail: Callable[[str, Exception | str], None],
        *,
        full_refresh: bool,
    ) -> None:
        """Those of a listing's documents that are due. There are no more tasks than requests at
        once, since there may be 100,000 details."""
        due = due_details(table, self._known, self._detail_of, full_refresh=full_refresh)
        failures_in_a_row = 0

        async def fetch_next() -> None:
            nonlocal failures_in_a_row
            for detail in due:
                key = detail.listing.name
                try:
                    await load(detail.listing, detail.held)
                except NotYetError:
                    continue
                except Exception as error:  # also our own mistake: the other details still count
                    self.failed.append(key)
                    fail(key, error)
                    status = error.status if isinstance(error, SourceError) else None
                    # One that failed before costs a request on each run, whatever it says.
                    if detail.failed_before or status not in OF_ONE_DOCUMENT:
                        failures_in_a_row += 1
                else:
                    failures_in_a_row = 0
                    self.fetched[key] = detail.version
                if failures_in_a_row >= FAILURES_IN_A_ROW:
                    due.close()
                    fail("", LEFT_ALONE)
                    return

        async with asyncio.TaskGroup() as group:
            for _ in range(REQUESTS_AT_ONCE):
                group.create_task(fetch_next())

    def outdated(self, table: pa.Table) -> Iterator[str]:
        """The keys of a listing's invoices whose detail is that of an earlier version of it; they
        count as closed."""
        for key in outdated_details(table, self._known):
            self.fetched[key] = ""
            yield key
