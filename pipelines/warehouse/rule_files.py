"""`raw.rule_files`: what the files of rules said, each version since the build that met it first.

Like a vendor's documents they are kept, so that an as-of answer goes by the rules of then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import has_table

if TYPE_CHECKING:
    import duckdb

NAMES = ("allocation", "budgets")
_NONE = "[]"


def remember(
    connection: duckdb.DuckDBPyConnection, documents: Mapping[str, str], now: datetime
) -> None:
    """Note what the files say now, by name, where it is something new; one that is no longer
    configured says nothing."""
    is_there = has_table(connection, "raw", "rule_files")
    if not documents and not is_there:
        return
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS raw.rule_files (number BIGINT NOT NULL, name TEXT NOT NULL,"
        " document TEXT NOT NULL, since TIMESTAMPTZ NOT NULL)"
    )
    for name in NAMES:
        connection.execute(
            "INSERT INTO raw.rule_files"
            " SELECT coalesce(max(number), 0) + 1, $name, $document, $now FROM raw.rule_files"
            " HAVING coalesce(arg_max(document, number) FILTER (WHERE name = $name), $none)"
            " <> $document",
            {"name": name, "document": documents.get(name, _NONE), "now": now, "none": _NONE},
        )
