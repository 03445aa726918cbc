"""The names that the SQL files use, `staging.x`, `intermediate.x` and `marts.x`.

They are schemas of a database in memory. What is kept lies in a published file, or in the next one:
the marts in its schema `main`, and in `build` whatever else a build goes on from. There a name is a
view over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.transform import inputs, project
from pipelines.transform.model import BY_INVOICE, SCHEMAS, VIEW, WHOLE, Model
from pipelines.warehouse.comments import comment_on

RenamedAccount = tuple[str, str, str]
"""The vendor, the name and the first name of an account that got another one."""


@dataclass(frozen=True)
class Clock:
    """The clock of every rule that needs one, and the moment after which nothing is known."""

    started_at: datetime
    as_of: datetime | None = None

    def write(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Make the table that the models know as `staging.run`."""
        connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT"
            " CAST($started_at AS TIMESTAMPTZ) AS started_at,"
            " coalesce(CAST($as_of AS TIMESTAMPTZ), 'infinity') AS as_of",
            {"started_at": self.started_at, "as_of": self.as_of},
        )


def attach(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    folder: Path,
    renamed: Sequence[RenamedAccount] = (),
    given: str = "",
) -> None:
    """Attach a database with the schemas and macros, and use it from now on."""
    connection.execute(f"ATTACH ':memory:' AS {database}")
    connection.execute(f"USE {database}")
    make(connection, folder, renamed, given)


def make(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    renamed: Sequence[RenamedAccount] = (),
    given: str = "",
) -> None:
    """Schemas, macros and what they and the models read, in the connection's database. `given` are
    the statements of `inputs`; without them nothing was told."""
    for schema in SCHEMAS:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    _write_renamed(connection, renamed)
    connection.execute(given or inputs.statements(connection))
    for statements in project.macros(folder):
        connection.execute(statements)


def clear(
    connection: duckdb.DuckDBPyConnection, renamed: Sequence[RenamedAccount], given: str
) -> None:
    """Let go of all that was built behind the names, in the connection's database."""
    for schema in SCHEMAS:
        connection.execute(f"DROP SCHEMA {schema} CASCADE")
        connection.execute(f"CREATE SCHEMA {schema}")
    _write_renamed(connection, renamed)
    connection.execute(given)


def _write_renamed(
    connection: duckdb.DuckDBPyConnection, renamed: Sequence[RenamedAccount]
) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE staging.renamed_accounts"
        " (vendor TEXT, account TEXT, first_name TEXT)"
    )
    for row in renamed:
        connection.execute("INSERT INTO staging.renamed_accounts VALUES (?, ?, ?)", row)


def place(model: Model, database: str) -> str:
    """Where a model is kept."""
    schema = "main" if model.is_mart else "build"
    return f"{database}.{schema}.{model.table}"


def show_kept(connection: duckdb.DuckDBPyConnection, model: Model, database: str) -> None:
    """Let the model's name stand for what is kept of it."""
    connection.execute(f"CREATE OR REPLACE VIEW {model.name} AS FROM {place(model, database)}")


def kept(models: Iterable[Model]) -> list[Model]:
    """Those that a published file holds."""
    return [each for each in models if each.kind in (BY_INVOICE, WHOLE) or each.is_mart]


def show_all_kept(
    connection: duckdb.DuckDBPyConnection, models: Iterable[Model], database: str
) -> None:
    """Let the names of all that is kept in a file of ours stand for it."""
    shown = kept(models)
    for each in shown:
        show_kept(connection, each, database)
    if shown:
        connection.execute(f"CREATE OR REPLACE VIEW staging.run AS FROM {database}.build.run")


def query_of(model: Model, relations: Mapping[str, str]) -> str:
    """The model's query; `relations` say where raw tables lie."""
    if model.raw_table is None:
        return model.query
    return model.query.replace("{relation}", relations[model.raw_table])


def describe(connection: duckdb.DuckDBPyConnection, model: Model, table: str) -> None:
    """Write what the model's file says of its table and columns beside them."""
    comment_on(connection, table, model.comment, model.columns, is_view=model.kind == VIEW)
