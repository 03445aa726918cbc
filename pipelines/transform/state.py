"""What a build leaves for the next one, in the schema `build` of the file that is published.

Beside the staging tables that are kept: `project` (by which rules it was built, and the models that
were read from them), `run` (its clock) and `read_invoices` (see `changed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec

from pipelines.transform import project, rates
from pipelines.transform.model import Model
from pipelines.transform.raw import raw_tables, renamed_accounts
from pipelines.warehouse.catalog import has_table

# Grows when another build couldn't go on from what this one leaves: the tables of `build`, and
# those of `main` that no model makes (audit_results, load_results).
LAYOUT = 1


def rules(connection: duckdb.DuckDBPyConnection, folder: Path, raw: str) -> str:
    """Everything that what is built depends on, but for the documents and the clock."""
    present = ", ".join(each.name for each in raw_tables(connection, raw))
    renamed = renamed_accounts(connection, raw)
    reporting = rates.found(connection, raw)
    converted = f", in {reporting.currency} by {reporting.overrides}" if reporting else ""
    return (
        f"{project.fingerprint(folder)}, layout {LAYOUT}, on DuckDB {duckdb.__version__}"
        f" from {present}, renamed {renamed}{converted}"
    )


def models_in(
    connection: duckdb.DuckDBPyConnection, database: str, rules: str | None = None
) -> list[Model] | None:
    """The models that built the file; None where it was built by other rules or by nobody.

    Read from there, they needn't be parsed again, which takes longer than a quiet night's build.
    """
    if not has_table(connection, "build", "project", database):
        return None
    row = connection.execute(
        f"SELECT models FROM {database}.build.project WHERE rules = coalesce(?, rules)",  # noqa: S608
        [rules],
    ).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=list[Model])


def create(connection: duckdb.DuckDBPyConnection, rules: str, models: Sequence[Model]) -> None:
    """In an empty `next`."""
    connection.execute("CREATE SCHEMA next.build")
    connection.execute(
        "CREATE TABLE next.build.project AS SELECT ? AS rules, ? AS models",
        [rules, msgspec.json.encode(models).decode()],
    )
