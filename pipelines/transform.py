"""Builds everything in transforms/ in one transaction, and audits it before it is committed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import model
from pipelines.model import TRANSFORMS, Audit, Model, Severity

ROWS_SHOWN = 20
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
class BuiltModel:
    """A table that was built: its name with schema, its rows, and the wall time that it took."""

    name: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class AuditFinding:
    """An audit that found rows. `rows` are the first of them, `count` is how many there are."""

    name: str
    severity: Severity
    message: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    count: int


@dataclass(frozen=True)
class TransformReport:
    """What a build did. With errors among the findings, nothing of it was kept."""

    models: list[BuiltModel]
    findings: list[AuditFinding]

    @property
    def has_errors(self) -> bool:
        """Whether a rule is broken that publishing depends on."""
        return any(finding.severity == "error" for finding in self.findings)


def build(
    connection: duckdb.DuckDBPyConnection,
    *,
    started_at: datetime,
    as_of: datetime | None = None,
    raw: str = "raw",
    folder: Path = TRANSFORMS,
) -> TransformReport:
    """Builds and audits all models on an open database; commits only if no error audit finds rows.

    `started_at` is the clock of every rule that needs one (what is past due, which period is over).
    With `as_of`, only what was known at that moment counts. `raw` is the schema of the raw tables,
    with its database where that is another one than the connection's; a raw table that was never
    loaded counts as an empty one.

    Raises:
        pipelines.model.ModelError: The files refer to something that none of them builds.
        duckdb.Error: A query fails; nothing is kept.
    """
    ordered = model.models(folder)
    connection.execute("SET TimeZone = 'UTC'")
    # Tables keep no order, so that the branches of a union are read side by side.
    connection.execute("SET preserve_insertion_order = false")
    with _transaction(connection) as transaction:
        _prepare(connection, folder, started_at, as_of)
        present = _raw_tables(connection, raw)
        built = [result for one in ordered if (result := _create(connection, one, raw, present))]
        findings = [
            finding for audit in model.audits(folder) if (finding := _audit(connection, audit))
        ]
        report = TransformReport(built, findings)
        transaction.keep = not report.has_errors
    return report


@dataclass
class _Transaction:
    keep: bool = False


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[_Transaction]:
    transaction = _Transaction()
    connection.execute("BEGIN TRANSACTION")
    try:
        yield transaction
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT" if transaction.keep else "ROLLBACK")


def _prepare(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    started_at: datetime,
    as_of: datetime | None,
) -> None:
    # All of staging is made anew, so that what an earlier layout left there is gone.
    connection.execute("DROP SCHEMA IF EXISTS staging CASCADE")
    connection.execute("CREATE SCHEMA staging")
    connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
    for statements in model.macros(folder):
        connection.execute(statements)
    connection.execute(_NO_DOCUMENTS)
    connection.execute(
        """
        CREATE OR REPLACE TABLE staging.run AS
        SELECT
            CAST($started_at AS TIMESTAMPTZ) AS started_at,
            coalesce(CAST($as_of AS TIMESTAMPTZ), 'infinity') AS as_of
        """,
        {"started_at": started_at, "as_of": as_of},
    )


def _raw_tables(connection: duckdb.DuckDBPyConnection, raw: str) -> set[str]:
    rows = connection.execute(
        """
        SELECT table_name FROM duckdb_tables()
        WHERE schema_name = 'raw' AND database_name = coalesce($database, current_database())
        """,
        {"database": raw.rpartition(".")[0] or None},
    )
    return {name for (name,) in rows.fetchall()}


def _create(
    connection: duckdb.DuckDBPyConnection, one: Model, raw: str, present: set[str]
) -> BuiltModel | None:
    started = time.perf_counter()
    query = one.query
    if one.raw_table:
        relation = f"{raw}.{one.raw_table}" if one.raw_table in present else "staging.no_documents"
        query = query.replace("{relation}", relation)
    if one.is_view:
        connection.execute(f"CREATE OR REPLACE VIEW {one.name} AS {query}")
        return None
    row = connection.execute(f"CREATE OR REPLACE TABLE {one.name} AS {query}").fetchone()
    return BuiltModel(one.name, row[0] if row else 0, time.perf_counter() - started)


def _audit(connection: duckdb.DuckDBPyConnection, audit: Audit) -> AuditFinding | None:
    result = connection.execute(audit.query)
    columns = [column[0] for column in result.description or []]
    rows = result.fetchmany(ROWS_SHOWN)
    if not rows:
        return None
    count = len(rows) + sum(len(batch) for batch in iter(lambda: result.fetchmany(10_000), []))
    return AuditFinding(audit.name, audit.severity, audit.message, columns, rows, count)
