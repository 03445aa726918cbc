"""Opening the warehouse's databases, and what DuckDB's refusal to do so means to a person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError
from pipelines.warehouse.database_files import path_text
from pipelines.warehouse.files import PUBLISHED, Warehouse
from pipelines.warehouse.migrations import bring_up_to_date

if TYPE_CHECKING:
    import duckdb

# From it on, DuckDB knows by its log which file, and which state of it, the log belongs to.
STORAGE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0"
}
_LOCK_HOLDER = re.compile(r"\(PID (?P<process>\d+)\)")


def connect(warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
    """Open the work database. The clock of its sessions is UTC, whatever the machine's is.

    Raises:
        JobError: another process holds the file (its number is in the message), it can't be
            opened, or another Billhouse wrote it.
    """
    import duckdb

    try:
        connection = duckdb.connect(path_text(warehouse.work), config=STORAGE)
    except duckdb.Error as error:
        raise cannot_open(warehouse.work, error) from error
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # As DuckDB has it itself, but for a path with a question mark.
        temporary = warehouse.work.with_name(f"{warehouse.work.name}.tmp")
        connection.execute("SET temp_directory = $path", {"path": path_text(temporary)})
        bring_up_to_date(connection, warehouse.work)
    except BaseException as error:
        connection.close()
        if isinstance(error, duckdb.Error):
            raise cannot_open(warehouse.work, error) from error
        raise
    return connection


def cannot_open(file: Path, error: Exception) -> JobError:
    """What DuckDB's refusal to open a file means to a person."""
    holder = _LOCK_HOLDER.search(str(error))
    published = file.name == PUBLISHED
    if holder:
        instead = (
            "let it open the file read-only" if published else f"let it read {PUBLISHED} instead"
        )
        return JobError(
            f"Process {holder['process']} has {file} open, so this one can't use it. Close that"
            f" program, or {instead}, and try again."
        )
    if "WAL" in str(error) and "match" in str(error):
        return JobError(
            f"{file} can't be opened: the log {file.name}.wal beside it belongs to another file, or"
            " to an earlier state of this one. Nothing was changed. Move the log aside and try"
            " again."
        )
    if "newer" in str(error) and "version" in str(error):
        return JobError(
            f"{file} was written by a newer DuckDB than this one reads. Nothing was changed."
            " Upgrade Billhouse, as the README says, or open it with the DuckDB that wrote it."
        )
    fix = (
        "run `billhouse rebuild`, which makes it again from what was loaded"
        if published
        else "move it aside and restore a backup (`billhouse restore`), or let `billhouse run`"
        " fetch again what the vendors still list"
    )
    return JobError(
        f"{file} can't be opened: {str(error).splitlines()[0].rstrip('.!')}. Let this user read and"
        f" write it; if it is damaged, {fix}."
    )
