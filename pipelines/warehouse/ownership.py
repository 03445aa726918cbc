"""Which files in the warehouse's directory are Billhouse's. Those of others stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import literal

PARQUET_KEY = "billhouse"
"""Stands in the metadata of each Parquet file that is published."""

_A_TABLE_OF_EVERY_COPY = "fct_invoices"


def refuse_files_of_others(warehouse: Warehouse, tables: Iterable[str]) -> None:
    """See that nothing of somebody else's is where these tables are to be published.

    Raises:
        UsageError: something is; it names the path.
    """
    # Beside our own work database a damaged copy is ours too, and is replaced.
    is_alone = warehouse.published.exists() and not warehouse.work.exists()
    if is_alone and not _published_tables(warehouse):
        raise _in_the_way(warehouse.published)
    if warehouse.parquet.exists() and not warehouse.parquet.is_dir():
        raise _in_the_way(warehouse.parquet)
    wanted = [warehouse.parquet / f"{table}.parquet" for table in tables]
    ours = published_files(warehouse, wanted)
    for file in wanted:
        if (file.is_symlink() or file.exists()) and file not in ours:
            raise _in_the_way(file)


def published_files(warehouse: Warehouse, files: Iterable[Path]) -> set[Path]:
    """Those of the Parquet files that Billhouse published.

    They say so themselves, but for those of its first versions, and damaged ones: these are known
    by the published copy, which has tables of their names.
    """
    there = {file for file in files if file.is_file()}
    ours = {file for file in there if _says_so(file)}
    if there - ours:
        tables = _published_tables(warehouse)
        ours |= {file for file in there if file.stem in tables}
    return ours


def _says_so(file: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        metadata = parquet.read_metadata(file).metadata or {}
    except (pa.ArrowException, OSError):
        return False
    return PARQUET_KEY.encode() in metadata


def _published_tables(warehouse: Warehouse) -> set[str]:
    """What the published copy holds, as far as it is one."""
    import duckdb

    if not warehouse.published.exists():
        return set()
    try:
        with closing(duckdb.connect()) as connection:
            connection.execute(f"ATTACH {literal(warehouse.published)} AS published (READ_ONLY)")
            rows = connection.execute(
                "SELECT table_name FROM (SELECT database_name, schema_name, table_name FROM"
                " duckdb_tables() UNION ALL SELECT database_name, schema_name, view_name FROM"
                " duckdb_views()) WHERE database_name = 'published' AND schema_name = 'main'"
            ).fetchall()
    except duckdb.Error:
        return set()
    names = {str(name) for (name,) in rows}
    return names if _A_TABLE_OF_EVERY_COPY in names else set()


def _in_the_way(path: Path) -> UsageError:
    return UsageError(
        f"{path} is in the way: Billhouse publishes under this name, and something that it didn't"
        " write is there, which it leaves alone. Move that aside, or set warehouse.directory to a"
        " folder of its own."
    )
