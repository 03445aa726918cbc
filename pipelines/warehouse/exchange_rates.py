"""The ECB's rates in `raw`, each day's row as it came, and by which currency builds convert.

A row that comes otherwise is a further version, as documents have them. Beside them stands what
was configured last, so that an answer as of an earlier day needs no configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import has_table

if TYPE_CHECKING:
    import duckdb

    from pipelines.config.reporting import ReportingSettings

_TABLES = """
    CREATE SCHEMA IF NOT EXISTS raw;
    CREATE TABLE IF NOT EXISTS raw.exchange_rates (
        day VARCHAR NOT NULL, document VARCHAR NOT NULL, run_id VARCHAR NOT NULL,
        valid_from TIMESTAMPTZ NOT NULL, valid_to TIMESTAMPTZ);
    CREATE TABLE IF NOT EXISTS raw.reporting (currency VARCHAR NOT NULL);
    CREATE TABLE IF NOT EXISTS raw.exchange_rate_overrides (
        month DATE NOT NULL, currency VARCHAR NOT NULL, rate DECIMAL(22, 12) NOT NULL);
"""
_CLOSE = """
    UPDATE raw.exchange_rates AS held SET valid_to = $at
    FROM came_rates AS came
    WHERE held.day = came.day AND held.valid_to IS NULL AND held.document <> came.document
"""
_ADD = """
    INSERT INTO raw.exchange_rates
    SELECT came.day, came.document, $run_id, $at, NULL
    FROM came_rates AS came
    ANTI JOIN (FROM raw.exchange_rates WHERE valid_to IS NULL) AS held ON came.day = held.day
"""


def configure(connection: duckdb.DuckDBPyConnection, settings: ReportingSettings | None) -> None:
    """Note what is configured now in the place of what was. Off leaves the rates where they are."""
    if settings is None and not has_table(connection, "raw", "reporting"):
        return
    connection.begin()
    connection.execute(_TABLES)
    connection.execute("DELETE FROM raw.reporting; DELETE FROM raw.exchange_rate_overrides")
    if settings is not None:
        connection.execute("INSERT INTO raw.reporting VALUES (?)", [settings.currency])
        for each in settings.overrides:
            connection.execute(
                "INSERT INTO raw.exchange_rate_overrides VALUES (CAST(? || '-01' AS DATE), ?, ?)",
                [each.month, each.currency, each.rate],
            )
    connection.commit()


def keep(
    connection: duckdb.DuckDBPyConnection, days: Mapping[str, str], at: datetime, run_id: str
) -> None:
    """Add the rows that are new or other than what is held, by day; none is taken away."""
    if not days:
        return
    import pyarrow as pa

    connection.begin()
    connection.execute(_TABLES)
    connection.register("came_rates", pa.table({"day": [*days], "document": [*days.values()]}))
    connection.execute(_CLOSE, {"at": at})
    connection.execute(_ADD, {"at": at, "run_id": run_id})
    connection.unregister("came_rates")
    connection.commit()
