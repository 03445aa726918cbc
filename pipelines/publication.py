"""Whether the published copy still shows the invoices as they were last built.

`main.publication` says which file that was. A build that changes any invoice removes the note in
the same transaction, so that a run that ends in between leaves none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.catalog import has_table

if TYPE_CHECKING:
    import duckdb

Identity = tuple[int, int, int]
"""Size, time of the last change, and inode: a rename leaves them as they are."""


def outdate(connection: duckdb.DuckDBPyConnection) -> None:
    """The invoices are no longer those that are published."""
    connection.execute("DROP TABLE IF EXISTS main.publication")


def note(connection: duckdb.DuckDBPyConnection, shown: Identity) -> None:
    """This file, wherever it was renamed to, shows the invoices as they are."""
    connection.execute(
        "CREATE OR REPLACE TABLE main.publication AS"
        " SELECT ?::BIGINT AS size, ?::BIGINT AS modified, ?::BIGINT AS inode",
        list(shown),
    )


def is_current(connection: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Whether the file is the one that was noted, and nobody wrote to it since."""
    if not has_table(connection, "main", "publication") or not file.exists():
        return False
    return connection.execute("FROM main.publication").fetchone() == identity(file)


def identity(file: Path) -> Identity:
    found = file.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino
