"""`fct_invoice_files`: the files of invoices that are kept under `documents/`, and those lost.

A file lies under the SHA-256 of its bytes, so that what is the same lies there once. Its row is
written after it: who is killed between the two fetches it again and finds it there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.comments import comment_on
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import identifier
from pipelines.warehouse.writing import open_to_the_folders_group, put_in_place

if TYPE_CHECKING:
    import duckdb

TABLE = "fct_invoice_files"
_WORK = f"marts.{TABLE}"
ENDINGS = {"application/pdf": ".pdf", "text/csv": ".csv"}
# What a link gave nothing for is asked again, since a vendor may sign it anew, but not each night.
_LOST_IS_TRIED_AFTER = timedelta(days=7)
_HASH = re.compile(r"[0-9a-f]{64}")

_COLUMNS = {
    "invoice_id": ("TEXT", "the invoice in fct_invoices"),
    "sha256": ("TEXT", "of the file's bytes, in hexadecimal digits; null where it is lost"),
    "file": ("TEXT", "where it lies, below the warehouse's folder"),
    "size_bytes": ("BIGINT", "how many bytes it has"),
    "media_type": ("TEXT", "application/pdf or text/csv"),
    "fetched_at": ("TIMESTAMPTZ", "when it was fetched (UTC)"),
    "source_host": ("TEXT", "the host that it came from; its link isn't kept"),
    "lost_at": ("TIMESTAMPTZ", "when the vendor's link first gave no file; null where one is kept"),
    "problem": ("TEXT", "why it is lost"),
}
_COMMENT = (
    "The file (PDF or CSV) of an issued invoice, where [archive] is enabled: where it lies, or why"
    " it is lost; one row per invoice."
)
_NAMES = ", ".join(_COLUMNS)
_DEFINED = ", ".join(f"{name} {kind}" for name, (kind, _) in _COLUMNS.items())


@dataclass(frozen=True)
class DueFile:
    """An issued invoice whose file isn't kept, and the document that it was listed in."""

    invoice_id: str
    vendor: str
    account: str
    listing: str
    document_key: str


@dataclass(frozen=True)
class KeptFile:
    """What became of a file that came."""

    sha256: str
    file: str
    size_bytes: int


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table if the warehouse has none yet. It also knows what failed, and when."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {_WORK}"
        f" ({_DEFINED}, tried_at TIMESTAMPTZ, PRIMARY KEY (invoice_id))"
    )


def copy(connection: duckdb.DuckDBPyConnection, work: str, until: datetime | None = None) -> bool:
    """Into the next file, as it was at `until`. Returns whether it differs from what was there."""
    table = f"next.main.{TABLE}"
    is_new = not has_table(connection, "main", TABLE, "next")
    if is_new:
        connection.execute(f"CREATE TABLE {table} ({_DEFINED})")
        meanings = {column: meaning for column, (_, meaning) in _COLUMNS.items()}
        comment_on(connection, table, _COMMENT, meanings)
    rows, given = f"SELECT {_NAMES} FROM {table} WHERE false", {}  # noqa: S608
    if has_table(connection, "marts", TABLE, work):
        rows = (
            f"SELECT {_NAMES} FROM {identifier(work)}.{_WORK}"  # noqa: S608
            " WHERE coalesce(fetched_at, lost_at) <= coalesce($until, fetched_at, lost_at)"
        )
        given = {"until": until}
    [(differing,)] = connection.execute(
        f"SELECT count(*) FROM ((({rows}) EXCEPT (FROM {table}))"  # noqa: S608
        f" UNION ALL ((FROM {table}) EXCEPT ({rows})))",
        given,
    ).fetchall()
    if differing:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
        connection.execute(f"INSERT INTO {table} {rows}", given)
    return is_new or differing > 0


def due(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, now: datetime
) -> Iterator[DueFile]:
    """The issued invoices in what is attached as `published` whose file isn't there: those never
    tried first, then the longest ago."""
    rows = connection.execute(
        "SELECT invoice.invoice_id, vendor, account, listing, document_key, file"  # noqa: S608
        f" FROM published.build.invoices AS invoice LEFT JOIN {_WORK} AS kept USING (invoice_id)"
        " WHERE payment_status <> 'upcoming' AND rejection_reason IS NULL AND delisted_at IS NULL"
        " AND (kept.lost_at IS NULL OR kept.tried_at < ?)"
        " ORDER BY kept.tried_at NULLS FIRST, billing_period_start DESC, invoice.invoice_id",
        [now - _LOST_IS_TRIED_AFTER],
    ).fetchall()
    for *invoice, file in rows:
        if file is None or not (warehouse.directory / file).is_file():
            yield DueFile(*invoice)


def keep(warehouse: Warehouse, content: bytes, media_type: str) -> KeptFile:
    """Put a file under its hash, whole or not at all.

    Raises:
        OSError: the disk refuses.
    """
    digest = hashlib.sha256(content).hexdigest()
    place = warehouse.documents / digest[:2] / f"{digest}{ENDINGS[media_type]}"
    for folder in (warehouse.documents, place.parent):
        if not folder.exists():
            folder.mkdir()
            open_to_the_folders_group(folder, folder)
    if not (place.is_file() and place.read_bytes() == content):
        beside = warehouse.working_folder / place.name
        beside.write_bytes(content)
        if not place.exists():
            open_to_the_folders_group(beside, place)
        put_in_place(beside, place)
    return KeptFile(digest, str(place.relative_to(warehouse.directory)), len(content))


def kept_files(warehouse: Warehouse) -> Iterator[Path]:
    """What lies under a hash in `documents`, and nothing else that may be there."""
    for file in warehouse.documents.glob("[0-9a-f][0-9a-f]/*"):
        if file.suffix in ENDINGS.values() and _HASH.fullmatch(file.stem):
            yield file


def note_kept(
    connection: duckdb.DuckDBPyConnection,
    invoice_id: str,
    kept: KeptFile,
    media_type: str,
    host: str,
    now: datetime,
) -> None:
    """Note where the file lies that was just kept."""
    connection.execute(
        f"INSERT OR REPLACE INTO {_WORK} VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)",  # noqa: S608
        [invoice_id, kept.sha256, kept.file, kept.size_bytes, media_type, now, host, now],
    )


def note_failed(
    connection: duckdb.DuckDBPyConnection,
    invoice_id: str,
    problem: str,
    now: datetime,
    *,
    is_lost: bool,
) -> bool:
    """Note that a file didn't come. Returns whether that is the first time that it is lost."""
    [(known,)] = connection.execute(
        f"SELECT max(lost_at) FROM {_WORK} WHERE invoice_id = ?",  # noqa: S608
        [invoice_id],
    ).fetchall()
    lost_at = known or (now if is_lost else None)
    connection.execute(
        f"INSERT OR REPLACE INTO {_WORK} (invoice_id, lost_at, problem, tried_at)"  # noqa: S608
        " VALUES (?, ?, ?, ?)",
        [invoice_id, lost_at, problem, now],
    )
    return is_lost and known is None
