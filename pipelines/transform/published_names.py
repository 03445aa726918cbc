"""The names that the SQL files use, over what is published: for the alerts' rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.transform import names, state
from pipelines.transform.model import TRANSFORMS, WRITTEN_BY_RUNS
from pipelines.warehouse.sql_text import identifier, literal


@contextmanager
def over_published(
    connection: duckdb.DuckDBPyConnection, published: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A second connection beside that of the work database, whose rows that runs add it shows too:
    they know of runs that published nothing."""
    [(work,)] = connection.execute("SELECT current_database()").fetchall()
    asked = connection.cursor()
    try:
        names.attach(asked, "published_names", TRANSFORMS)
        if published.exists():
            asked.execute(f"ATTACH {literal(published)} AS published (READ_ONLY)")
            names.show_all_kept(asked, state.models_in(asked, "published") or (), "published")
        for table in sorted(WRITTEN_BY_RUNS):
            asked.execute(f"CREATE VIEW {table} AS FROM {identifier(work)}.{table}")
        yield asked
    finally:
        asked.close()
        for database in ("published_names", "published"):
            connection.execute(f"DETACH DATABASE IF EXISTS {database}")
