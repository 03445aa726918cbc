"""The Parquet files of a part: one for each table, or for each vendor and month of it.

A file that would be as the shard's former one isn't kept: the former one is named instead, so that
a night adds what it changed. For that the same rows must give the same bytes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipelines.publish.object_store import files_of
from pipelines.publish.parts import MONTH, SHARD, Attempt, Part, PartTable, newest_filled
from pipelines.transform import state
from pipelines.transform.model import VIEW
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import identifier, literal
from pipelines.warehouse.workers import at_work

if TYPE_CHECKING:
    import duckdb
    from pyarrow.fs import FileSystem

# The largest tables, by month and, where they name it, vendor: a question of some months reads the
# files of those alone. What has no month is in the first one that there is.
_MONTHS = {
    "fct_invoice_lines": "period_start",
    "fct_monthly_spend": "month",
    "fct_reporting_spend": "month",
}
_NO_MONTH = "DATE '0001-01-01'"
# A table without any of these is the same in every shard, so that one shard's is enough.
_BELONGS = frozenset({"account", "invoice_id", "run_id"})
_FORMAT = "FORMAT parquet, COMPRESSION zstd"
_AT_ONCE = 8


def filled(attempt: Attempt, warehouse: Warehouse, part: Part) -> Part:
    """The part with the tables that the shard's warehouse has published; their files are written.

    Raises:
        duckdb.Error, OSError: they can't be.
    """
    import duckdb

    # What is for a store is compared here first, so that nothing is sent there twice.
    is_here = attempt.lake.store is None
    place = attempt.lake.data_path if is_here else warehouse.working_folder / "part"
    former = newest_filled(attempt.lake, attempt.shard.number)
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        # One thread writes one file for each month and vendor, and its rows in their order.
        connection.execute("SET threads = 1")
        connection.execute(f"ATTACH {literal(warehouse.published)} AS published (READ_ONLY)")
        tables = dict(_written(connection, attempt, place, former.tables if former else {}))
        views = {
            each.table: each.published_query
            for each in state.models_in(connection, "published") or ()
            if each.is_mart and each.kind == VIEW
        }
    if not is_here:
        _send(attempt, place, [name for table in tables.values() for name in table.files])
    return msgspec.structs.replace(part, tables=tables, views=views)


def _written(
    connection: duckdb.DuckDBPyConnection,
    attempt: Attempt,
    place: Path,
    former: Mapping[str, PartTable],
) -> Iterator[tuple[str, PartTable]]:
    names = connection.execute(
        "SELECT table_name FROM duckdb_tables()"
        " WHERE database_name = 'published' AND schema_name = 'main' ORDER BY ALL"
    ).fetchall()
    for (name,) in names:
        source = f"published.main.{identifier(name)}"
        own = _columns(connection, f"FROM {source}")
        added = [f"CAST({attempt.shard.number} AS INTEGER) AS {SHARD}"]
        parted_by = []
        if month := _MONTHS.get(name):
            first_day = f"CAST(date_trunc('month', {month}) AS DATE)"
            added.append(f"coalesce({first_day}, {_NO_MONTH}) AS {MONTH}")
            parted_by = [*(["vendor"] if "vendor" in own else []), MONTH]
        order = ", ".join([*parted_by, *map(identifier, own)])
        query = f"SELECT *, {', '.join(added)} FROM {source} ORDER BY {order}"  # noqa: S608
        written = _copied(connection, attempt, place, name, query, parted_by)
        table = PartTable(
            _columns(connection, query), written, parted_by, not _BELONGS & own.keys()
        )
        yield name, _with_former_files(attempt, place, table, former.get(name))


def _copied(
    connection: duckdb.DuckDBPyConnection,
    attempt: Attempt,
    place: Path,
    table: str,
    query: str,
    parted_by: Sequence[str],
) -> dict[str, str]:
    """The hashes of the files by their path below `place`."""
    folder = place / "main" / table
    folder.mkdir(parents=True, exist_ok=True)
    name = attempt.begin_of_names
    if parted_by:
        options = (
            f"{_FORMAT}, PARTITION_BY ({', '.join(parted_by)}), WRITE_PARTITION_COLUMNS true,"
            f" FILENAME_PATTERN {literal(name + '{i}')}, OVERWRITE_OR_IGNORE true"
        )
        target = folder
    else:
        options, target = _FORMAT, folder / f"{name}0.parquet"
    row = connection.execute(
        f"COPY ({query}) TO {literal(target)} ({options}, RETURN_FILES true)"
    ).fetchone()
    files = [Path(file) for file in row[1]] if row else []
    return {str(file.relative_to(place)): _hash(file) for file in files}


def _with_former_files(
    attempt: Attempt, place: Path, table: PartTable, former: PartTable | None
) -> PartTable:
    """The table with its former files for each vendor and month in which nothing has changed."""
    if former is None or table.is_everywhere_the_same or former.columns != table.columns:
        return table
    before = by_folder(former.files)
    kept = files_of(attempt.lake)
    files: dict[str, str] = {}
    for folder, written in by_folder(table.files).items():
        held = before.get(folder, {})
        is_same = sorted(held.values()) == sorted(written.values())
        if is_same and all(each.is_file for each in kept.get_file_info(list(held))):
            for name in written:
                (place / name).unlink()
            files |= held
        else:
            files |= written
    return msgspec.structs.replace(table, files=files)


def _send(attempt: Attempt, place: Path, names: Sequence[str]) -> None:
    """Put those that are new into the store. None takes another's place: no two have one name."""

    def send(store: FileSystem, name: str) -> None:
        with (place / name).open("rb") as file, store.open_output_stream(name) as stream:
            shutil.copyfileobj(file, stream)

    with at_work([files_of(attempt.lake)] * _AT_ONCE, send) as workers:
        new = [name for name in names if (place / name).exists()]
        for name in new:
            workers.give(name)
        for _ in new:
            workers.next_ended()
    shutil.rmtree(place)


def by_folder(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The files of each vendor and month, or all, by the folder in which they lie."""
    found: dict[str, dict[str, str]] = {}
    for name, digest in files.items():
        found.setdefault(str(Path(name).parent), {})[name] = digest
    return found


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {query}").fetchall()}
