"""The published copy: what people, BI tools and `billhouse query` read.

Readers never see a half-written file, and are never in the way of one: the next one is built beside
the old one and then renamed over it. Who has the old file open keeps reading that one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.ownership import PARQUET_KEY, published_files
from pipelines.warehouse.side_by_side import for_each
from pipelines.warehouse.sql_text import identifier, literal
from pipelines.warehouse.stray_log import logs_of, set_aside
from pipelines.warehouse.writing import open_to_the_folders_group, put_in_place, take_over_access

if TYPE_CHECKING:
    import duckdb

# The oldest DuckDB that may read the file.
_STORAGE = "STORAGE_VERSION 'v1.5.0'"


@contextmanager
def beside(warehouse: Warehouse) -> Iterator[Path]:
    """A folder for the next file, empty before and gone afterwards.

    The caller holds the warehouse's lock, and opens and closes its connection inside.
    """
    folder = warehouse.working_folder / "publishing"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def beside_published(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> Iterator[None]:
    """Attach what is published as `published`, where it is and can be read: the next build makes
    one that can't be."""
    import duckdb

    try:
        if warehouse.published.exists():
            connection.execute(f"ATTACH {literal(warehouse.published)} AS published (READ_ONLY)")
    except duckdb.Error:
        yield
        return
    yield
    connection.execute("DETACH DATABASE IF EXISTS published")


def begin(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    folder: Path,
    can_go_on: Callable[[duckdb.DuckDBPyConnection], bool],
) -> bool:
    """Attach the next file as `next`. Returns whether it is a copy of what is published.

    It is, where nobody else wrote to that one since, and the copy can be gone on from; else it is
    empty.
    """
    file = folder / warehouse.published.name
    if _is_ours(connection, warehouse.published):
        shutil.copyfile(warehouse.published, file)
        if _is_sound(connection, file, can_go_on):
            return True
        connection.execute("DETACH DATABASE IF EXISTS next")
        file.unlink()
    connection.execute(f"ATTACH {literal(file)} AS next ({_STORAGE})")
    return False


def publish(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    folder: Path,
    tables: Collection[str],
    *,
    unchanged: Collection[str] = (),
) -> None:
    """Put the next file in the place of what is published, and these tables of it into `parquet/`.

    The Parquet files of those that are `unchanged` stay as they are.
    """
    connection.execute("CHECKPOINT next")
    earlier = published_files(warehouse, warehouse.parquet.glob("*.parquet"))
    written = [
        table
        for table in tables
        if table not in unchanged or _parquet(warehouse, table) not in earlier
    ]

    def write(own: duckdb.DuckDBPyConnection, table: str) -> None:
        own.execute(
            f"COPY (FROM next.main.{identifier(table)})"
            f" TO {literal(folder / f'{table}.parquet')} (FORMAT parquet,"
            f" COMPRESSION zstd, KV_METADATA {{{PARQUET_KEY}: {literal(table)}}})"
        )

    for_each(connection, written, write)
    connection.execute("DETACH next")
    next_file = folder / warehouse.published.name
    _remove_log(warehouse.published)
    _put(next_file, warehouse.published, like=None)
    found = _identity(warehouse.published)
    if not warehouse.parquet.exists():
        warehouse.parquet.mkdir()
        open_to_the_folders_group(warehouse.parquet, warehouse.parquet)
    like = min(earlier, default=None)
    for table in written:
        _put(folder / f"{table}.parquet", _parquet(warehouse, table), like=like)
    _remove_unpublished(earlier, tables)
    # Last: a run that ends before builds everything again, and so writes all the files.
    _note(connection, found)


def _is_sound(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    can_go_on: Callable[[duckdb.DuckDBPyConnection], bool],
) -> bool:
    """Attach the copy, and say whether it can be gone on from: not if it can't even be read."""
    import duckdb

    try:
        connection.execute(f"ATTACH {literal(file)} AS next")
        return can_go_on(connection)
    except duckdb.Error:
        return False


def _parquet(warehouse: Warehouse, table: str) -> Path:
    return warehouse.parquet / f"{table}.parquet"


def _is_ours(connection: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Whether the file is the one that was noted, and nobody wrote to it since."""
    if not has_table(connection, "main", "published") or not file.exists():
        return False
    return connection.execute("FROM main.published").fetchone() == _identity(file)


def _note(connection: duckdb.DuckDBPyConnection, found: tuple[int, int]) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE main.published AS SELECT ?::BIGINT AS size, ?::BIGINT AS modified",
        list(found),
    )


def _identity(file: Path) -> tuple[int, int]:
    """Size and time of the last change: a rename leaves them as they are."""
    found = file.stat()
    return found.st_size, found.st_mtime_ns


def _put(new: Path, place: Path, *, like: Path | None) -> None:
    """One that replaces none is opened to whom its neighbour `like` is."""
    if not place.exists():
        if like is not None:
            take_over_access(new, like)
        else:
            open_to_the_folders_group(new, place)
    put_in_place(new, place)


def _remove_log(published: Path) -> None:
    """A log that a writing reader left belongs to the old file; DuckDB would replay it into the
    new one."""
    if published.exists():
        for log in logs_of(published):
            log.unlink(missing_ok=True)
    else:
        set_aside(published)


def _remove_unpublished(earlier: set[Path], tables: Collection[str]) -> None:
    """A table that is no longer made must not stay as a file that nobody updates."""
    published = {f"{table}.parquet" for table in tables}
    for file in earlier:
        if file.name not in published:
            file.unlink()
