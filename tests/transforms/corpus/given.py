"""The raw documents of `given/*.json`, as five nights of loads would have left them.

Each entry says why it is there. `nights` is when its version was listed: "2-4" from the second
night on and no longer in the fourth, "2-" until today. A `document` is taken as it is written in
the file, digit for digit; a `text` is one that is no JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec

from pipelines.warehouse import load_results
from pipelines.warehouse.load_results import AccountOutcome

GIVEN = Path(__file__).parent / "given"
NIGHTS = [datetime(2026, month, 1, 2, tzinfo=UTC) for month in range(7, 12)]
STARTED_AT = NIGHTS[-1]
# Of two accounts the newest run counts, whatever was before.
_OUTCOMES = [
    (3, "mongodb", "acme", None),
    (3, "mongodb", "words", "HTTP 503."),
    (4, "mongodb", "acme", "HTTP 401. Check its keys."),
    (3, "turso", "acme", "HTTP 500."),
    (4, "turso", "acme", None),
    (4, "versori", "acme", ""),
]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A version of a document, and why it is in the corpus."""

    why: str
    listing: str
    key: str
    nights: str
    account: str = "acme"
    entity: str = "invoices"
    document: msgspec.Raw = msgspec.Raw()
    text: str = ""

    @property
    def verbatim(self) -> str:
        return self.text or bytes(self.document).decode()

    def version_hash(self, vendor: str) -> str:
        told = (vendor, self.entity, self.account, self.listing, self.key, self.verbatim)
        return hashlib.sha256(repr(told).encode()).hexdigest()

    @property
    def validity(self) -> tuple[datetime, datetime | None]:
        first, _, last = self.nights.partition("-")
        return NIGHTS[int(first) - 1], NIGHTS[int(last) - 1] if last else None


def entries() -> Iterator[tuple[str, Entry]]:
    """Every entry, with its vendor."""
    for path in sorted(GIVEN.glob("*.json")):
        for entry in msgspec.json.decode(path.read_bytes(), type=list[Entry]):
            yield path.stem, entry


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """Lay out `raw` and the results of earlier runs in an empty database."""
    connection.execute("CREATE SCHEMA raw")
    rows: dict[str, list[list[object]]] = {}
    for vendor, each in entries():
        row = [each.account, each.listing, each.key, each.verbatim, each.version_hash(vendor)]
        rows.setdefault(f"{vendor}__{each.entity}", []).append(
            [*row, f"load of {each.validity[0]:%B}", *each.validity]
        )
    for table, values in rows.items():
        connection.execute(
            f"CREATE TABLE raw.{table} (account VARCHAR, listing VARCHAR, document_key VARCHAR,"
            " document VARCHAR, version_hash VARCHAR, _dlt_load_id VARCHAR,"
            " valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ)"
        )
        connection.executemany(f"INSERT INTO raw.{table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    _add_load_results(connection)


def _add_load_results(connection: duckdb.DuckDBPyConnection) -> None:
    load_results.create(connection)
    for night, vendor, account, error in _OUTCOMES:
        outcome = "ok" if error is None else "failed"
        result = AccountOutcome(vendor, account, outcome, 1, 1, 1, 0, 1.0, error or None, 1)
        load_results.add(connection, f"night {night}", NIGHTS[night], [result])
