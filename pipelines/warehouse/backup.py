"""Backups of what can't be built again: every version of every document, the runs' results, and
the files of invoices.

A backup is a folder with one Parquet file a table, the tables' definitions in `tables.sql`, a
manifest that tells how many rows there are, and the files in `documents/`. Any tool that reads
Parquet can read it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError, UsageError, one_sentence
from pipelines.warehouse import stray_log, working_folder
from pipelines.warehouse.connection import STORAGE, connect
from pipelines.warehouse.database_files import path_text
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding, refuse_shards
from pipelines.warehouse.migrations import LAYOUT, bring_up_to_date
from pipelines.warehouse.sql_text import identifier, literal
from pipelines.warehouse.writing import put_folder_in_place, put_in_place, sync

if TYPE_CHECKING:
    import duckdb

_DEFINITIONS = "tables.sql"
_MANIFEST = "manifest.json"
_SCHEMAS = "CREATE SCHEMA IF NOT EXISTS raw;\nCREATE SCHEMA IF NOT EXISTS marts;\n"
_KEPT = """
    SELECT schema_name, table_name, sql FROM duckdb_tables()
    WHERE database_name = current_database() AND (
        schema_name = 'raw'
        OR (schema_name, table_name) IN (
            ('marts', 'load_results'), ('marts', 'alerts_sent'), ('marts', 'fct_invoice_files'),
            ('main', 'layout')))
    ORDER BY ALL
"""


@dataclass(frozen=True)
class Backup:
    """What stands in a backup: rows by table.

    `stray_logs` are the renamed ones of a database that was in the restored one's place before.
    """

    folder: Path
    rows: dict[str, int]
    stray_logs: Sequence[Path] = ()


def back_up(warehouse: Warehouse, folder: Path, *, lock_timeout: float) -> Backup:
    """Write a backup into `folder`, which is there in full or not at all.

    Raises:
        UsageError: the folder is in use already, or the one beside it in which it is written.
        JobError: there is nothing to back up, another run is at work, or the disk refuses.
    """
    refuse_shards(warehouse)
    if not warehouse.work.exists():
        raise JobError(
            f"There is nothing to back up: {warehouse.work} doesn't exist. Run `billhouse run`"
            " first, or say with --warehouse where it is."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is there already and not empty. A backup needs a folder of its own: give"
            " it a new name, as in backup-2026-03-01."
        )
    partial = folder.with_name(f".{folder.name}.unfinished")
    with holding(warehouse, lock_timeout=lock_timeout), closing(connect(warehouse)) as connection:
        import duckdb

        try:
            with working_folder.emptied(partial):
                rows = _write(connection, partial)
                _copy_documents(warehouse.documents, partial / warehouse.documents.name)
                put_folder_in_place(partial, folder)
                working_folder.unmark(folder)
        except (duckdb.Error, OSError) as error:
            raise JobError(
                f"The backup in {folder} could not be written: {one_sentence(error)} Nothing is"
                " left of it, and the warehouse is as it was. Fix the cause (a full disk is the"
                " most frequent one) and try again."
            ) from error
    return Backup(folder, rows)


def restore(warehouse: Warehouse, folder: Path, *, lock_timeout: float) -> Backup:
    """Make a warehouse of a backup. The marts are not in it: `billhouse rebuild` makes them.

    Raises:
        UsageError: the warehouse isn't empty, or the folder holds no backup.
        JobError: the backup is damaged, or the disk refuses. The warehouse stays empty.
    """
    manifest = _manifest(folder)
    with holding(warehouse, lock_timeout=lock_timeout):
        import duckdb

        for file in (warehouse.work, warehouse.published):
            if file.exists():
                raise UsageError(
                    f"{file} exists, and a restore overwrites nothing. Move it aside, or set"
                    " warehouse.directory to an empty folder."
                )
        stray_logs = stray_log.set_aside(warehouse.work)
        partial = warehouse.working_folder / warehouse.work.name
        try:
            with closing(duckdb.connect(path_text(partial), config=STORAGE)) as connection:
                _read(connection, folder, manifest)
                bring_up_to_date(connection, folder)
                # What isn't in the file yet would stay behind in its log.
                connection.execute("CHECKPOINT")
            # Each under its hash, so that what an earlier try left is the same.
            _copy_documents(folder / warehouse.documents.name, warehouse.documents)
            put_in_place(partial, warehouse.work)
        except (duckdb.Error, OSError) as error:
            raise JobError(
                f"The backup in {folder} could not be restored: {one_sentence(error)} The warehouse"
                f" {warehouse.directory} stays empty. Use another backup if this one is damaged."
            ) from error
    return Backup(folder, manifest, stray_logs)


def _write(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    tables = connection.execute(_KEPT).fetchall()
    rows: dict[str, int] = {}
    for schema, name, _ in tables:
        table, file = f"{schema}.{name}", folder / f"{schema}.{name}.parquet"
        query = f"COPY {identifier(schema)}.{identifier(name)} TO {literal(file)}"
        written = connection.execute(f"{query} (FORMAT parquet, COMPRESSION zstd)").fetchone()
        rows[table] = written[0] if written else 0
    definitions = _SCHEMAS + "\n".join(sql for _, _, sql in tables) + "\n"
    (folder / _DEFINITIONS).write_text(definitions, encoding="utf-8")
    manifest = {"billhouse_backup": 1, "layout": LAYOUT, "rows": rows}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return rows


def _copy_documents(source: Path, target: Path) -> None:
    """Those that are there; each is on the disk afterwards."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
        for each in (target, *target.rglob("*")):
            sync(each)


def _read(connection: duckdb.DuckDBPyConnection, folder: Path, rows: dict[str, int]) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.begin()
    connection.execute((folder / _DEFINITIONS).read_text(encoding="utf-8"))
    for table, expected in rows.items():
        schema, _, name = table.partition(".")
        inserted = connection.execute(
            f"INSERT INTO {identifier(schema)}.{identifier(name)}"
            f" BY NAME FROM read_parquet({literal(folder / f'{table}.parquet')})"
        ).fetchone()
        if inserted != (expected,):
            raise OSError(f"{table} has {inserted and inserted[0]} rows and should have {expected}")
    connection.commit()


def _manifest(folder: Path) -> dict[str, int]:
    """Rows by table, as the backup's manifest says."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return {str(table): int(count) for table, count in manifest["rows"].items()}
    except OSError as error:
        raise _no_backup(folder, f"{_MANIFEST}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _no_backup(folder, f"{_MANIFEST} is damaged, or not one of a backup") from None


def _no_backup(folder: Path, reason: str) -> UsageError:
    return UsageError(
        f"{folder} holds no backup that can be read ({reason}). Give the folder that `billhouse"
        " backup` wrote."
    )
