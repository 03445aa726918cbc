"""A database's log (`….wal`) that a killed run left, beside a file that it doesn't belong to.

DuckDB would replay it into whatever lies there by then: a restored database, or a new one.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pipelines.warehouse.database_files import LOG_ENDINGS, beside
from pipelines.warehouse.sql_text import literal


def set_aside(database: Path) -> list[Path]:
    """Give logs that don't belong to the database, or have none, another name.

    What is in them is in no database, so they aren't deleted. Gives the new names.
    """
    logs = [log for log in logs_of(database) if log.exists()]
    if not logs or (database.exists() and _can_be_replayed(database)):
        return []
    now = datetime.now(UTC)
    return [log.rename(log.with_name(f"{log.name}.stray-{now:%Y%m%dT%H%M%S%f}Z")) for log in logs]


def logs_of(database: Path) -> list[Path]:
    """Where DuckDB writes the logs of this database, be they there or not."""
    return [beside(database, ending) for ending in LOG_ENDINGS]


def _can_be_replayed(database: Path) -> bool:
    """Whether DuckDB takes the log for this database's own; any other trouble is not the log's."""
    import duckdb

    try:
        with closing(duckdb.connect()) as connection:
            connection.execute(f"ATTACH {literal(database)} AS stored (READ_ONLY)")
    except duckdb.Error as error:
        return not ("WAL" in str(error) and "match" in str(error))
    return True
