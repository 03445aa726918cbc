"""The tables of `raw` that a build reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.model import Model
from pipelines.sql_text import identifier, literal


@dataclass(frozen=True)
class RawTable:
    """A table of `raw` that is there: `relation` is its name with schema and database."""

    name: str
    relation: str

    def read_by(self, query: str) -> str:
        """The query with the table's names in it; an invoice's details are listed by its key."""
        vendor, _, entity = self.name.partition("__")
        return query.format(
            table=literal(self.name),
            vendor=literal(vendor),
            relation=self.relation,
            invoice_key="document_key" if entity == "invoices" else "listing",
            is_listed=str(entity == "invoices").upper(),
        )


def raw_tables(
    connection: duckdb.DuckDBPyConnection, models: Sequence[Model], raw: str
) -> list[RawTable]:
    """Those that models read and that are there; they lie in the database of the connection, or in
    the one that `raw` names."""
    read = {each.raw_table for each in models if each.raw_table}
    return [
        RawTable(name, f"{identifier(database)}.raw.{name}")
        for database, name in _tables(connection, raw)
        if name in read
    ]


def read_renamed_accounts(
    connection: duckdb.DuckDBPyConnection, raw: str
) -> list[tuple[str, str, str]]:
    """The vendor, the name and the first name of each account that got another name."""
    for database, name in _tables(connection, raw):
        if name == "renamed_accounts":
            return connection.execute(
                f"FROM {identifier(database)}.raw.renamed_accounts ORDER BY ALL"
            ).fetchall()
    return []


def _tables(connection: duckdb.DuckDBPyConnection, raw: str) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT database_name, table_name FROM duckdb_tables()"
        " WHERE schema_name = 'raw' AND database_name = coalesce(?, current_database())",
        [raw.rpartition(".")[0] or None],
    ).fetchall()
