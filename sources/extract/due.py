"""Which of an account's details are due, and in which order they are asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from math import gcd

import pyarrow as pa

from sources.vendor import Listing

ORDINAL = "#"

DetailOf = Callable[[str, bytes], Listing | None]
"""An invoice's key and listed document → the listing with its detail, if it has one."""


@dataclass(frozen=True)
class KnownDetails:
    """What the warehouse knows of an account's details; the keys are the invoices'.

    `versions`: of the listed document for which the detail was last fetched, or empty where that
    detail was closed. `unsettled`: those that are read on each run all the same, with the digest of
    the detail held. `failed`: those that failed when they were last asked for, the longest ago
    first.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    unsettled: Mapping[str, str | None] = field(default_factory=dict)
    failed: Sequence[str] = ()


@dataclass(frozen=True)
class DueDetail:
    """`version` is that of the listed document; `held` the digest of what the warehouse has."""

    listing: Listing
    version: str
    held: str | None
    failed_before: bool


def due_details(
    table: pa.Table, known: KnownDetails, detail_of: DetailOf, *, full_refresh: bool
) -> Generator[DueDetail]:
    """What is new, has changed, has no detail yet, or is unsettled; what failed before comes last.

    The order has nothing to do with the list's. A vendor may have lost the details of a whole
    stretch of it, such as those of old invoices; others, asked for in between, show that the vendor
    is not down.
    """
    rows = _Rows(table)
    turns = {key: turn for turn, key in enumerate(known.failed)}
    fresh: list[int] = []
    failed: list[tuple[int, int]] = []
    for row, (key, version) in enumerate(rows.keys_and_versions()):
        is_settled = known.versions.get(key) == version and key not in known.unsettled
        if key == "" or (is_settled and not full_refresh):
            continue
        if key in turns:
            failed.append((turns[key], row))
        else:
            fresh.append(row)
    taken = _taken(rows, detail_of)
    in_order = (fresh[place] for place in _spread(len(fresh)))
    for row in chain(in_order, (row for _, row in sorted(failed))):
        key, version, document = rows[row]
        listing = detail_of(key, document)
        if listing is not None and key not in taken:
            yield DueDetail(listing, version, known.unsettled.get(key), key in turns)


def outdated_details(table: pa.Table, known: KnownDetails) -> Iterator[str]:
    """The keys of invoices whose detail is that of an earlier version of the listed document."""
    for key, version in _Rows(table).keys_and_versions():
        if known.versions.get(key, "") not in ("", version):
            yield key


class _Rows:
    """A listing's rows by number. A table of many chunks can't be made one: it may be too large."""

    def __init__(self, table: pa.Table) -> None:
        self._batches = table.to_batches()
        self._starts = [0, *accumulate(batch.num_rows for batch in self._batches)]

    def keys_and_versions(self) -> Iterator[tuple[str, str]]:
        for batch in self._batches:
            keys, versions = batch.column("document_key"), batch.column("version_hash")
            yield from zip(keys.to_pylist(), versions.to_pylist(), strict=True)

    def __getitem__(self, row: int) -> tuple[str, str, bytes]:
        place = bisect_right(self._starts, row) - 1
        batch = self._batches[place].slice(row - self._starts[place], 1)
        key, version, document = (
            batch.column(name)[0].as_py() for name in ("document_key", "version_hash", "document")
        )
        return key, version, document.encode()


def _taken(rows: _Rows, detail_of: DetailOf) -> set[str]:
    """The keys of invoices whose detail would answer the very question of an earlier one: the one
    answer that there is counts for the earlier, and the lines of the other stay unknown."""
    repeated = {key.rpartition(ORDINAL)[0] for key, _ in rows.keys_and_versions() if ORDINAL in key}
    taken: set[str] = set()
    if repeated:
        asked: set[object] = set()
        for row, (key, _) in enumerate(rows.keys_and_versions()):
            if key in repeated or key.rpartition(ORDINAL)[0] in repeated:
                _, _, document = rows[row]
                listing = detail_of(key, document)
                question = listing.question if listing is not None else None
                if question is not None and question in asked:
                    taken.add(key)
                asked.add(question)
    return taken


def _spread(count: int) -> Iterator[int]:
    """0 … count - 1, each once, in steps of the golden ratio: wherever one begins, the next few lie
    all over the range."""
    step = max(1, count * 618 // 1000)
    while gcd(step, count) > 1:
        step += 1
    return (number * step % count for number in range(count))
