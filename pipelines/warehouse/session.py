"""What a connection is told before it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def begin(connection: duckdb.DuckDBPyConnection) -> None:
    """Times in UTC, and no rewriting of `row_number() … = 1`: where what it orders by may be null,
    or is computed, DuckDB 1.5 loses rows or takes wrong ones (duckdb/duckdb issues 23677, 23588,
    22849)."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET disabled_optimizers = 'top_n_window_elimination'")
