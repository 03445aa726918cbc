"""What is no document, for the models: what people told us, and the charges of files.

The work database keeps it in `raw`, where backups have it. A build shows the models rules and
closed months as they counted at its moment, as tables of `staging`; where there are none they are
empty.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.sql_text import identifier, literal
from sources.charges import COLUMNS

# By the table's name: its columns, and what it holds at a moment.
_TABLES = {
    "rule_files": (
        "name VARCHAR, document VARCHAR",
        "SELECT name, arg_max(document, number) AS document FROM {raw}.rule_files"
        " WHERE since <= {moment} GROUP BY name",
    ),
    "closed_months": (
        "name VARCHAR, month DATE, closed_at TIMESTAMPTZ, believed_at TIMESTAMPTZ",
        "SELECT name, month, closed_at, believed_at FROM {raw}.closed_months WHERE {closed}",
    ),
    "closed_spend": (
        "month DATE, line_id VARCHAR, invoice_id VARCHAR, vendor VARCHAR, account VARCHAR,"
        " category VARCHAR, description VARCHAR, currency VARCHAR, amount_cents BIGINT",
        "SELECT * EXCLUDE (name) FROM {raw}.closed_spend"
        " WHERE name IN (SELECT name FROM {raw}.closed_months WHERE {closed})",
    ),
}
# What is read where it lies, since it may be millions of rows.
_IN_PLACE = {
    "charges": ", ".join(
        [
            "chunk VARCHAR",
            "BilledCost DECIMAL(38, 18)",
            *(f"{each} VARCHAR" for each in COLUMNS[1:]),
        ]
    )
}
_CLOSED = "closed_at <= {moment} AND (reopened_at IS NULL OR reopened_at > {moment})"
NAMES = frozenset(f"staging.{name}" for name in (*_TABLES, *_IN_PLACE))


def statements(
    connection: duckdb.DuckDBPyConnection, raw: str = "", as_of: datetime | None = None
) -> str:
    """SQL that makes the tables in the connection's database, of those that the schema `raw` (with
    its database) has; without one, all are empty."""
    database, _, schema = raw.rpartition(".")
    [(home,)] = connection.execute("SELECT current_database()").fetchall()
    moment = f"TIMESTAMPTZ {literal(as_of.isoformat() if as_of else 'infinity')}"
    made = []
    for name, (columns, query) in _TABLES.items():
        made.append(f"CREATE OR REPLACE TABLE staging.{name} ({columns})")
        if raw and has_table(connection, schema, name, database or None):
            place = f"{identifier(database or home)}.{identifier(schema)}"
            closed = _CLOSED.format(moment=moment)
            source = query.format(raw=place, moment=moment, closed=closed)
            made.append(f"INSERT INTO staging.{name} BY NAME {source}")
    for name, columns in _IN_PLACE.items():
        if raw and has_table(connection, schema, name, database or None):
            place = f"{identifier(database or home)}.{identifier(schema)}.{identifier(name)}"
            made.append(f"CREATE OR REPLACE VIEW staging.{name} AS FROM {place}")
        else:
            made.append(f"CREATE OR REPLACE TABLE staging.{name} ({columns})")
    return ";\n".join(made)
