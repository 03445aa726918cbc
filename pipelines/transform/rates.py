"""The exchange rates that a build converts by, where a reporting currency is configured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.sql_text import literal

_NO_RATES = """(
    SELECT
        CAST(NULL AS VARCHAR) AS day, CAST(NULL AS VARCHAR) AS document,
        CAST(NULL AS TIMESTAMPTZ) AS valid_from, CAST(NULL AS TIMESTAMPTZ) AS valid_to
    WHERE FALSE
)"""
_NO_OVERRIDES = """(
    SELECT
        CAST(NULL AS DATE) AS month, CAST(NULL AS VARCHAR) AS currency,
        CAST(NULL AS DECIMAL(22, 12)) AS rate
    WHERE FALSE
)"""
NAMES = frozenset(
    f"staging.{name}" for name in ("exchange_rates", "exchange_rate_overrides", "reporting")
)


@dataclass(frozen=True)
class Rates:
    """`documents` is the table of the ECB's rows, with its database; `overrides` are those of
    finance, for whoever compares."""

    currency: str
    documents: str
    overrides: list[tuple[Any, ...]]


def currencies() -> list[str]:
    """Those of ISO 4217, as the models know them."""
    query = (TRANSFORMS / "intermediate" / "iso_currencies.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        return sorted(row[0] for row in connection.execute(query).fetchall())


def found(connection: duckdb.DuckDBPyConnection, raw: str) -> Rates | None:
    """What is configured, as the schema `raw` (with its database) has it; None where nothing is."""
    database, _, schema = raw.rpartition(".")
    if not has_table(connection, schema, "reporting", database or None):
        return None
    row = connection.execute(f"SELECT currency FROM {raw}.reporting").fetchone()  # noqa: S608
    if row is None:
        return None
    [(home,)] = connection.execute("SELECT current_database()").fetchall()
    return Rates(
        row[0],
        f"{database or home}.{schema}.exchange_rates",
        connection.execute(f"FROM {raw}.exchange_rate_overrides ORDER BY ALL").fetchall(),
    )


def write(connection: duckdb.DuckDBPyConnection, rates: Rates | None, folder: Path) -> None:
    """Make the tables that the models know as `staging.reporting` (no row where nothing is
    configured), `staging.exchange_rates` and `staging.exchange_rate_overrides`; `staging.run` is
    there."""
    text = (folder / "exchange_rates.sql").read_text(encoding="utf-8")
    documents = rates.documents if rates else _NO_RATES
    overrides = f"{rates.documents.rpartition('.')[0]}.exchange_rate_overrides" if rates else ""
    currency = rates.currency if rates else ""
    for name, query in (
        ("exchange_rates", text.replace("{relation}", documents)),
        ("exchange_rate_overrides", f"FROM {overrides or _NO_OVERRIDES}"),
        (
            "reporting",
            f"SELECT {literal(currency)} AS currency,"  # noqa: S608
            " (SELECT max(day) FROM staging.exchange_rates) AS newest_day"
            f" WHERE {literal(currency)} <> ''",
        ),
    ):
        connection.execute(f"CREATE OR REPLACE TABLE staging.{name} AS {query}")
