"""What a fetch of accounts brings, without a warehouse: the rows that would be loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sources import (
    VENDORS,
    AccountResult,
    ConfiguredAccount,
    Fetch,
    FetchEvent,
    RetryPolicy,
    WarehouseState,
)

AT_ONCE = RetryPolicy(initial_wait=0.0, longest_wait=0.0, jitter=0.0)
NOW = datetime(2026, 3, 17, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Fetched:
    """Rows by (vendor, entity), each a dictionary of the table's columns."""

    rows: Mapping[tuple[str, str], list[dict[str, str]]]
    results: list[AccountResult]
    details: Mapping[tuple[str, str], Mapping[str, str]]
    failed_details: Mapping[tuple[str, str], Sequence[str]]

    @property
    def error(self) -> str:
        """Of the only account."""
        (result,) = self.results
        assert result.outcome == "failed"
        assert result.error is not None
        return result.error

    @property
    def documents(self) -> list[str]:
        return [row["document"] for rows in self.rows.values() for row in rows]


def fetched(
    *accounts: ConfiguredAccount,
    known: WarehouseState | None = None,
    now: datetime = NOW,
    full_refresh: bool = False,
    retry: RetryPolicy = AT_ONCE,
    on_event: Callable[[FetchEvent], None] | None = None,
) -> Fetched:
    rows: dict[tuple[str, str], list[dict[str, str]]] = {}
    with Fetch(
        accounts,
        known or WarehouseState(),
        now=now,
        full_refresh=full_refresh,
        retry=retry,
        on_event=on_event,
    ) as fetch:
        for name in {each.vendor for each in accounts}:
            for entity in VENDORS[name].entities:
                rows[name, entity] = [
                    row for table in fetch.tables(name, entity) for row in table.to_pylist()
                ]
    return Fetched(rows, fetch.results(), fetch.fetched_details(), fetch.failed_details())
