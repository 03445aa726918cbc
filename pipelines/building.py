"""How a model becomes a view or a table, and what all of them stand on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines import model
from pipelines.model import Model

_NO_DOCUMENTS = """
    CREATE OR REPLACE VIEW staging.no_documents AS
    SELECT
        CAST(NULL AS VARCHAR) AS account, CAST(NULL AS VARCHAR) AS listing,
        CAST(NULL AS VARCHAR) AS document_key, CAST(NULL AS VARCHAR) AS document,
        CAST(NULL AS VARCHAR) AS version_hash, CAST(NULL AS VARCHAR) AS _dlt_load_id,
        CAST(NULL AS TIMESTAMPTZ) AS valid_from, CAST(NULL AS TIMESTAMPTZ) AS valid_to
    WHERE FALSE
"""


@dataclass(frozen=True)
class Clock:
    """The clock of every rule that needs one, and the moment after which nothing is known.

    `rules` tells which set of SQL files built what stands beside it, and `renamed` the vendor, the
    name and the first name of each account that got another one.
    """

    started_at: datetime
    as_of: datetime | None = None
    rules: str = ""
    renamed: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True)
class BuiltModel:
    """A table that was built: its name with schema, its rows, and the wall time that it took."""

    name: str
    rows: int
    seconds: float


def prepare(connection: duckdb.DuckDBPyConnection, folder: Path, clock: Clock) -> None:
    """Schemas, macros and the clock; all of staging is made anew."""
    connection.execute("DROP SCHEMA IF EXISTS staging CASCADE")
    connection.execute("CREATE SCHEMA staging")
    connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
    connection.execute(
        "CREATE TABLE staging.renamed_accounts (vendor TEXT, account TEXT, first_name TEXT)"
    )
    for row in clock.renamed:
        connection.execute("INSERT INTO staging.renamed_accounts VALUES (?, ?, ?)", row)
    for statements in model.macros(folder):
        connection.execute(statements)
    connection.execute(_NO_DOCUMENTS)
    set_clock(connection, clock)


def set_clock(connection: duckdb.DuckDBPyConnection, clock: Clock) -> None:
    connection.execute(
        """
        CREATE OR REPLACE TABLE staging.run AS
        SELECT
            CAST($started_at AS TIMESTAMPTZ) AS started_at,
            coalesce(CAST($as_of AS TIMESTAMPTZ), 'infinity') AS as_of,
            $rules AS rules
        """,
        {"started_at": clock.started_at, "as_of": clock.as_of, "rules": clock.rules},
    )


def create_view(
    connection: duckdb.DuckDBPyConnection, one: Model, relations: Mapping[str, str]
) -> None:
    """`relations` says where raw tables lie; one that was never loaded counts as an empty one."""
    query = one.query
    if one.raw_table:
        relation = relations.get(one.raw_table, "staging.no_documents")
        query = query.replace("{relation}", relation)
    connection.execute(f"CREATE OR REPLACE VIEW {one.name} AS {query}")


def create_table(connection: duckdb.DuckDBPyConnection, one: Model) -> BuiltModel:
    started = time.perf_counter()
    row = connection.execute(f"CREATE OR REPLACE TABLE {one.name} AS {one.query}").fetchone()
    return BuiltModel(one.name, row[0] if row else 0, time.perf_counter() - started)
