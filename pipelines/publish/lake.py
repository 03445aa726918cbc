"""The lake: DuckLake's catalogue, which says which Parquet files each table is made of at present.

A catalogue that is a file is never written to where readers find it: the next one is a copy beside
it, which is renamed over it. PostgreSQL has transactions of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config.lake import Lake
from pipelines.errors import JobError, UsageError, one_sentence
from pipelines.publish.object_store import let_in, unquoted
from pipelines.publish.parts import MONTH, SHARD
from pipelines.warehouse import session, working_folder
from pipelines.warehouse.restricted import spilling_unseen
from pipelines.warehouse.sql_text import identifier, literal
from pipelines.warehouse.writing import put_in_place

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

# Rows in the catalogue's own tables would outlive the files that they are of.
_WRITING = "DATA_INLINING_ROW_LIMIT 0"
_NO_CATALOGUE = "creating a new DuckLake is explicitly disabled"
_NOWHERE = f"{os.devnull}/secrets"
_EXTENSIONS = {"ducklake": "duckdb_extension_ducklake"}
_EXTENSIONS_OF_POSTGRES = {"postgres_scanner": "duckdb_extension_postgres_scanner"}
_EXTENSIONS_OF_STORES = {"httpfs": "duckdb_extension_httpfs"}


@contextmanager
def next_state(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """The lake as `lake`, to be written to. Readers see what was committed when this ends, and
    nothing of it where it fails.

    Raises:
        UsageError: DuckDB's extension isn't installed.
        JobError: the catalogue can't be opened, or changed hands.
    """
    lake.data_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if lake.file is None:
        with _connected(lake) as connection:
            _attach(connection, lake, lake.catalog, _WRITING)
            yield connection
        return
    lake.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with working_folder.emptied(lake.file.with_name(f".{lake.file.name}.next")) as folder:
        copy = folder / lake.file.name
        if lake.file.exists():
            shutil.copyfile(lake.file, copy)
        with _connected(lake) as connection:
            _attach(connection, lake, str(copy), f"OVERRIDE_DATA_PATH true, {_WRITING}")
            yield connection
            connection.execute("CHECKPOINT __ducklake_metadata_lake")
            connection.execute("DETACH lake")
        put_in_place(copy, lake.file)


@contextmanager
def opened(lake: Lake, moment: datetime | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables as they are now, whatever is committed meanwhile, or as they were published at a
    `moment`: views in memory over the lake, read-only. Our own SQL may write files;
    `restricted.sealed` ends that.

    Raises:
        UsageError: DuckDB's extension isn't installed.
        JobError: nothing is or was published, or the catalogue can't be opened.
    """
    if lake.file is not None and not lake.file.exists():
        raise _unpublished(f"{lake.file} doesn't exist")
    with _connected(lake) as connection, spilling_unseen(connection):
        _attach(connection, lake, lake.catalog, "READ_ONLY")
        if lake.file is None or moment:
            snapshot = _snapshot(connection, lake, moment)
            connection.execute("DETACH lake")
            _attach(connection, lake, lake.catalog, f"READ_ONLY, SNAPSHOT_VERSION {snapshot}")
        _show(connection)
        # What a sealed connection may still read.
        connection.execute(f"SET GLOBAL allowed_directories = [{literal(lake.address)}]")
        yield connection


def _snapshot(connection: duckdb.DuckDBPyConnection, lake: Lake, moment: datetime | None) -> int:
    """The newest state, or that of a moment."""
    [(snapshot, oldest)] = connection.execute(
        "SELECT max(snapshot_id) FILTER ($moment IS NULL OR snapshot_time <= $moment),"
        " min(snapshot_time) FROM ducklake_snapshots('lake') WHERE schema_version > 0",
        {"moment": moment},
    ).fetchall()
    if oldest is None:
        raise _unpublished(f"{lake.catalog} names no tables")
    if snapshot is None:
        raise JobError(
            f"The lake keeps no state of {moment:%Y-%m-%d %H:%M:%S} UTC: the oldest is of"
            f" {oldest:%Y-%m-%d %H:%M:%S} UTC. What was believed earlier is built from a shard's"
            " documents: ask it with `billhouse --warehouse …/shards/1 query --as-of`."
        )
    return int(snapshot)


def _show(connection: duckdb.DuckDBPyConnection) -> None:
    for name, columns in connection.execute(
        "SELECT table_name, list(column_name) FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND schema_name = 'main' GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        added = ", ".join(each for each in (SHARD, MONTH) if each in columns)
        left_out = f"EXCLUDE ({added})" if added else ""
        own = identifier(name)
        connection.execute(f"CREATE VIEW {own} AS SELECT * {left_out} FROM lake.main.{own}")  # noqa: S608


def _unpublished(why: str) -> JobError:
    return JobError(
        f"Nothing is published yet: {why}. Run all shards and then `billhouse gather`, or say in"
        " [lake] where the catalogue is."
    )


@contextmanager
def _connected(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the extensions, from their packages; none is ever fetched."""
    import duckdb

    with unquoted(lake), closing(duckdb.connect()) as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        session.begin(connection)
        connection.execute("SET GLOBAL autoinstall_known_extensions = false")
        # PostgreSQL's extension looks for secrets on the disk: in a folder that can't be there.
        connection.execute(f"SET GLOBAL secret_directory = {literal(_NOWHERE)}")
        packages = _EXTENSIONS | (_EXTENSIONS_OF_POSTGRES if lake.file is None else {})
        packages |= _EXTENSIONS_OF_STORES if lake.store else {}
        for name, package in packages.items():
            connection.execute(f"LOAD {literal(_extension(name, package))}")
        if lake.store:
            let_in(connection, lake.store)
        yield connection


def _extension(name: str, package: str) -> Path:
    import duckdb

    found = importlib.util.find_spec(package)
    for place in (found and found.submodule_search_locations) or ():
        file = Path(place, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if file.exists():
            return file
    raise UsageError(
        f"The lake needs DuckDB's extension {name} of the very version {duckdb.__version__} of"
        " DuckDB. Install Billhouse again, as the README says, with the extra lake: billhouse[lake]"
        " (in a clone: uv sync --extra lake)."
    )


def _attach(connection: duckdb.DuckDBPyConnection, lake: Lake, catalog: str, options: str) -> None:
    import duckdb

    given = ", ".join(filter(None, [f"DATA_PATH {literal(lake.address)}", options]))
    try:
        connection.execute(f"ATTACH {literal(f'ducklake:{catalog}')} AS lake ({given})")
    except duckdb.Error as error:
        if _NO_CATALOGUE in str(error):
            raise _unpublished(f"there is no catalogue in {lake.catalog}") from error
        raise JobError(
            f"The lake's catalogue {lake.catalog} can't be opened: {one_sentence(error)} Look"
            " whether [lake] names it rightly and this user may use it; nothing was changed."
        ) from error
