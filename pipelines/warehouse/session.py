"""What a connection is told before it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb


def begin(connection: duckdb.DuckDBPyConnection) -> None:
    """Times in UTC, and no rewriting of `row_number() … = 1`: where what it orders by may be null,
    or is computed, DuckDB 1.5 loses rows or takes wrong ones (duckdb/duckdb issues 23677, 23588,
    22849)."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET disabled_optimizers = 'top_n_window_elimination'")


def begin_building(connection: duckdb.DuckDBPyConnection) -> None:
    """The same, for what passes documents on: DuckDB would gather those that come in small chunks,
    and copy megabytes several times."""
    begin(connection)
    connection.execute("SET enable_caching_operators = false")


@contextmanager
def at_most(connection: duckdb.DuckDBPyConnection, memory: str | None) -> Iterator[None]:
    """Let DuckDB hold no more than that meanwhile ("700MB"). Without a bound, and where it keeps
    itself to less than a gigabyte, since the machine has no more, nothing changes."""
    if memory is None or _has_little(connection):
        yield
        return
    connection.execute(f"SET memory_limit = {literal(memory)}")
    yield
    # After an error the connection is closed.
    connection.execute("RESET memory_limit")


def _has_little(connection: duckdb.DuckDBPyConnection) -> bool:
    [(usual,)] = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    return str(usual).endswith((" bytes", " KiB", " MiB"))
