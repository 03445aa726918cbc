"""The audits of a build: which rows break a rule, and what is written down of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.transform import project
from pipelines.transform.model import Model, Query, Severity
from pipelines.transform.names import describe
from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.side_by_side import for_each

ROWS_SHOWN = 20

AUDIT_RESULTS = Model(
    "marts.audit_results",
    "",
    "",
    "whole",
    comment="One row per audit of the newest build that found rows: the rule, and what breaks it.",
    columns={
        "run_id": "the run that built what is published",
        "audit": "the rule's name",
        "severity": "error (nothing would have been published) or warning",
        "message": "what is wrong with the rows",
        "rows_found": "how many rows break the rule",
        "first_rows": f"the first {ROWS_SHOWN} of them: JSON text, an array of objects",
    },
)


@dataclass(frozen=True)
class AuditFinding:
    """An audit that found rows. `rows` are the first of them, `count` is how many there are."""

    name: str
    severity: Severity
    message: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    count: int


def audit(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[AuditFinding]:
    """What the audits find."""
    found = for_each(connection, project.audits(folder), ask)
    return [each for each in found if each]


def ask(connection: duckdb.DuckDBPyConnection, audit: Query) -> AuditFinding | None:
    """What one audit finds; None where it finds nothing."""
    result = connection.execute(audit.text)
    columns = [column[0] for column in result.description or []]
    rows = result.fetchmany(ROWS_SHOWN)
    if not rows:
        return None
    count = len(rows) + sum(len(batch) for batch in iter(lambda: result.fetchmany(10_000), []))
    return AuditFinding(audit.name, audit.severity, audit.message, columns, rows, count)


def store(
    connection: duckdb.DuckDBPyConnection, run_id: str, findings: Sequence[AuditFinding]
) -> None:
    """Make them the table `audit_results` of `next`."""
    table = "next.main.audit_results"
    if has_table(connection, "main", "audit_results", "next"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    else:
        connection.execute(
            f"CREATE TABLE {table} (run_id TEXT NOT NULL, audit TEXT NOT NULL,"
            " severity TEXT NOT NULL, message TEXT NOT NULL, rows_found BIGINT NOT NULL,"
            " first_rows TEXT NOT NULL)"
        )
        describe(connection, AUDIT_RESULTS, table)
    for each in findings:
        rows = [
            {name: _plain(value) for name, value in zip(each.columns, row, strict=True)}
            for row in each.rows
        ]
        connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
            [run_id, each.name, each.severity, each.message, each.count, json.dumps(rows)],
        )


def _plain(value: Any) -> Any:
    """What JSON has no word for (decimals, times) as exact text."""
    return value if value is None or isinstance(value, bool | int | str) else str(value)
