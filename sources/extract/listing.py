"""One listing's documents → an Arrow table: verbatim text, a key, and a hash of the version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
import pyarrow as pa

from sources.extract.cutting import cut
from sources.extract.unique_keys import MadeKeys
from sources.keys import Amount, Key

SCHEMA = pa.schema(
    [
        pa.field(name, pa.string(), nullable=False)
        for name in (
            "account",
            "listing",
            "document_key",
            "document",
            "version_hash",
            "listing_key",
        )
    ]
)
EMPTY_LISTING = b"null"

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def version_hash(
    vendor: str,
    account: str,
    listing: str,
    key: str,
    document: bytes,
    volatile_fields: frozenset[str] = frozenset(),
) -> str:
    """SHA-256, as 64 hexadecimal digits, over these bytes, one after the other:

    1. the JSON array `["vendor","account","listing","key"]` in UTF-8, without white space, with
       only `"`, `\\` and control characters escaped (so that no two quadruples look alike);
    2. a line feed;
    3. the document. For a vendor without volatile fields, and for a document that is no object: its
       bytes as they came. For others: `{"name":value,…}` without the volatile fields of the top
       level and without white space around names and values, in the order and with the bytes of
       each value as they came (of a name that repeats, the last value).
    """
    digest = hashlib.sha256(_encode([vendor, account, listing, key]))
    digest.update(b"\n")
    digest.update(_lasting(document, volatile_fields) if volatile_fields else document)
    return digest.hexdigest()


def listing_key(account: str, listing: str) -> str:
    """Account and listing in one text, of which no two pairs have the same: the length of the
    account's name (in characters) tells where it ends."""
    return f"{len(account)}/{account}/{listing}"


def listing_hash(table: pa.Table) -> str:
    """SHA-256 over the version hashes of a listing, sorted and joined: equal where it holds the
    same versions of the same documents."""
    versions = table.column("version_hash").to_pylist()
    return hashlib.sha256("".join(sorted(versions)).encode()).hexdigest()


def _lasting(document: bytes, volatile_fields: frozenset[str]) -> bytes:
    try:
        fields = _fields.decode(document)
    except msgspec.ValidationError:
        return document
    for name in volatile_fields:
        fields.pop(name, None)
    return _encode(fields)


class ListingTable:
    """Collects a listing page by page, in Arrow's memory, and gives it out as one whole table.

    The documents are without what may never be kept. The table has the columns of `SCHEMA`; a key
    stands in it once. A vendor's id that repeats is the same invoice, seen twice because pages
    shifted: the document seen last counts. Keys that we made are given when all documents are
    there. A listing without documents is one row with the document `null` and an empty key, so that
    it closes what it held before.
    """

    def __init__(
        self,
        vendor: str,
        account: str,
        listing: str,
        volatile_fields: frozenset[str] = frozenset(),
        made_keys: MadeKeys | None = None,
        amount: Amount | None = None,
        never_kept: frozenset[str] = frozenset(),
    ) -> None:
        self._never_kept = never_kept
        self._name = (vendor, account, listing)
        self._volatile_fields = volatile_fields
        self._made_keys = made_keys or MadeKeys()
        self._amount = amount
        self._batches: list[pa.RecordBatch] = []
        self._last_row: dict[str, int] = {}
        self._rows = 0
        self._unnamed: dict[str, list[bytes]] = {}

    def add(self, page: Iterable[tuple[Key, msgspec.Raw]]) -> None:
        """Documents in the vendor's order. The page's own memory is free after this."""
        keys: list[str] = []
        documents: list[bytes] = []
        for key, raw in page:
            document = cut(raw, self._never_kept)
            if key.made:
                self._unnamed.setdefault(key.text, []).append(document)
            else:
                keys.append(key.text)
                documents.append(document)
        self._append(keys, documents)

    @property
    def documents(self) -> int:
        return len(self._last_row) + sum(map(len, self._unnamed.values()))

    def table(self) -> pa.Table:
        """All that was added, as it stands now."""
        for base, documents in self._unnamed.items():
            amounts = [self._amount(each) if self._amount else None for each in documents]
            self._append(self._made_keys.assign(base, amounts, self._last_row), documents)
        self._unnamed.clear()
        if not self._batches:
            empty = self._batch([""], [EMPTY_LISTING])
            return pa.Table.from_batches([empty], SCHEMA)
        table = pa.Table.from_batches(self._batches, SCHEMA)
        if self.documents == self._rows:
            return table
        return table.filter(pa.array(self._counting_rows()))

    def _append(self, keys: list[str], documents: list[bytes]) -> None:
        if keys:
            self._last_row |= {key: self._rows + row for row, key in enumerate(keys)}
            self._batches.append(self._batch(keys, documents))
            self._rows += len(keys)

    def _batch(self, keys: list[str], documents: list[bytes]) -> pa.RecordBatch:
        vendor, account, listing = self._name
        hashes = [
            version_hash(vendor, account, listing, key, document, self._volatile_fields)
            for key, document in zip(keys, documents, strict=True)
        ]
        rows = len(keys)
        merged_by = [listing_key(account, listing)] * rows
        columns = [[account] * rows, [listing] * rows, keys, documents, hashes, merged_by]
        arrays = [pa.array(column, pa.string()) for column in columns]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    def _counting_rows(self) -> list[bool]:
        counting = [False] * self._rows
        for row in self._last_row.values():
            counting[row] = True
        return counting
