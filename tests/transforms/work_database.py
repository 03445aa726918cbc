"""A work database that a test fills with raw documents, as a load would have left them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.transform import BuildResult, build, can_go_on, names
from pipelines.transform.model import TRANSFORMS

NIGHT = datetime(2026, 11, 1, 2, tzinfo=UTC)


def build_beside(
    connection: duckdb.DuckDBPyConnection, *, everything: bool = False, **options: Any
) -> BuildResult:
    """Build into a database in memory, whose tables then stand behind the names of the SQL files in
    the connection's own database."""
    folder = options.get("folder", TRANSFORMS)
    connection.execute("ATTACH IF NOT EXISTS ':memory:' AS next")
    if everything or "as_of" in options or not can_go_on(connection, folder=folder):
        connection.execute("DETACH next; ATTACH ':memory:' AS next")
    report = build(connection, **options)
    names.make(connection, folder)
    names.show_all_kept(connection, report.kept, "next")
    return report


class WorkDatabase:
    """Raw documents in, facts out; a stand-in for the load and the published file.

    What is built stands behind the names of the SQL files, in the connection's own database.
    """

    def __init__(self, path: Path) -> None:
        self.connection = duckdb.connect(path)
        self.connection.execute("CREATE SCHEMA IF NOT EXISTS raw")

    def add(
        self,
        vendor: str,
        document: dict[str, Any] | str,
        *,
        listing: str = "all",
        key: str = "1",
        account: str = "acme",
        entity: str = "invoices",
        valid_from: datetime = NIGHT,
        valid_to: datetime | None = None,
    ) -> None:
        """Adds one version of a document; a text is taken verbatim."""
        text = document if isinstance(document, str) else json.dumps(document)
        version = hashlib.sha256(f"{vendor}{account}{listing}{key}{text}".encode()).hexdigest()
        self.connection.execute(
            f"""
            CREATE TABLE IF NOT EXISTS raw.{vendor}__{entity} (
                account VARCHAR, listing VARCHAR, document_key VARCHAR, document VARCHAR,
                version_hash VARCHAR, _dlt_load_id VARCHAR,
                valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ
            )
            """
        )
        self.connection.execute(
            f"INSERT INTO raw.{vendor}__{entity} VALUES (?, ?, ?, ?, ?, '1', ?, ?)",
            [account, listing, key, text, version, valid_from, valid_to],
        )

    def close(
        self,
        vendor: str,
        *,
        listing: str = "all",
        key: str = "1",
        account: str = "acme",
        entity: str = "invoices",
        valid_to: datetime,
    ) -> None:
        """Ends the version that is listed, as a load does that no longer meets it."""
        self.connection.execute(
            f"UPDATE raw.{vendor}__{entity} SET valid_to = ? WHERE valid_to IS NULL"
            " AND account = ? AND listing = ? AND document_key = ?",
            [valid_to, account, listing, key],
        )

    def build(
        self, started_at: datetime = NIGHT, *, everything: bool = False, **options: Any
    ) -> BuildResult:
        """Builds everything; a test that expects no audit error need not look at the report."""
        report = build_beside(
            self.connection, started_at=started_at, everything=everything, **options
        )
        self.findings = report.findings
        return report

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, each as a mapping."""
        result = self.connection.execute(query)
        columns = [column[0] for column in result.description or []]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def invoices(self) -> list[dict[str, Any]]:
        """All facts, in a stable order."""
        return self.rows(
            "FROM marts.fct_invoices ORDER BY vendor, account, invoice_number, invoice_id"
        )

    def reasons(self) -> list[str]:
        """Why documents were rejected."""
        return [
            row["reason"]
            for row in self.rows("FROM marts.rejected_documents ORDER BY vendor, document_key")
        ]
