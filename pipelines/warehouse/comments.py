"""What a table is and what its columns mean, for those who find nothing but the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipelines.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    import duckdb


def comment_on(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    comment: str,
    columns: Mapping[str, str],
    *,
    is_view: bool = False,
) -> None:
    """Write them beside the table, whose name is SQL."""
    what = "VIEW" if is_view else "TABLE"
    connection.execute(f"COMMENT ON {what} {table} IS {literal(comment)}")
    for column, meaning in columns.items():
        connection.execute(f"COMMENT ON COLUMN {table}.{identifier(column)} IS {literal(meaning)}")
