"""Closing a month: what is published of it is kept beside the documents, as finance booked it.

`raw.closed_months` says which months and when, `raw.closed_spend` holds each line's part of them as
it was. Both are in backups, and what a later build finds otherwise stands in `close_differences`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.errors import JobError, UsageError
from pipelines.publish.read import of_this_version, opened
from pipelines.publish.write import beside_published
from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse.connection import connect
from pipelines.warehouse.disk import writable
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding, refuse_shards

if TYPE_CHECKING:
    import duckdb

_TABLES = """
    CREATE SCHEMA IF NOT EXISTS raw;
    CREATE TABLE IF NOT EXISTS raw.closed_months (
        name TEXT NOT NULL, month DATE NOT NULL, closed_at TIMESTAMPTZ NOT NULL,
        believed_at TIMESTAMPTZ NOT NULL, reopened_at TIMESTAMPTZ
    );
    CREATE TABLE IF NOT EXISTS raw.closed_spend (
        name TEXT NOT NULL, month DATE NOT NULL, line_id TEXT NOT NULL, invoice_id TEXT NOT NULL,
        vendor TEXT NOT NULL, account TEXT NOT NULL, category TEXT NOT NULL, description TEXT,
        currency TEXT NOT NULL, amount_cents BIGINT NOT NULL
    );
"""
_NOTE = """
    INSERT INTO raw.closed_months
    SELECT
        $month || CASE WHEN before.closes > 0 THEN '/' || (before.closes + 1) ELSE '' END,
        strptime($month, '%Y-%m'), $now, run.started_at, NULL
    FROM published.build.run AS run
    CROSS JOIN (
        SELECT count(*) AS closes FROM raw.closed_months WHERE month = strptime($month, '%Y-%m')
    ) AS before
    RETURNING name, believed_at
"""
_FREEZE = """
    INSERT INTO raw.closed_spend
    SELECT
        $name, spent.month, spent.line_id, spent.invoice_id, spent.vendor, spent.account,
        spent.category, line.description, spent.currency, spent.amount_cents
    FROM published.main.fct_monthly_spend AS spent
    INNER JOIN published.main.fct_invoice_lines AS line ON spent.line_id = line.line_id
    WHERE spent.month = strptime($month, '%Y-%m') AND spent.payment_status <> 'void'
        AND spent.amount_cents IS NOT NULL
"""


@dataclass(frozen=True)
class Close:
    """A month that was closed: under which name, what was believed when, and how many lines."""

    name: str
    believed_at: datetime
    lines: int


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables if the warehouse has none yet."""
    connection.execute(_TABLES)


def close(
    warehouse: Warehouse, month: str, *, now: datetime, anyway: bool, lock_timeout: float
) -> Close:
    """Keep what is published of the month (`2026-10`) as what was believed when it was closed.

    Raises:
        UsageError: it is closed already.
        JobError: something stands in the way and `anyway` isn't given, nothing is published yet, or
            another run is at work.
    """
    with _alone_in(warehouse, lock_timeout) as connection:
        if closed_at := _closed_at(connection, month):
            raise UsageError(
                f"{month} was closed on {closed_at:%Y-%m-%d} already. To close it anew, open it"
                f" first: `billhouse close {month} --reopen`."
            )
        reasons = obstacles(warehouse, month, now)
        if reasons and not anyway:
            raise JobError(
                f"{month} was not closed: {'; '.join(reasons)}. --anyway closes it as it is."
            )
        with beside_published(connection, warehouse), of_this_version():
            connection.begin()
            [(name, believed_at)] = connection.execute(
                _NOTE, {"month": month, "now": now}
            ).fetchall()
            row = connection.execute(_FREEZE, {"name": name, "month": month}).fetchone()
            connection.commit()
    return Close(name, believed_at, int(row[0]) if row else 0)


def reopen(warehouse: Warehouse, month: str, *, now: datetime, lock_timeout: float) -> None:
    """Let a closed month be open again; what it was is kept.

    Raises:
        UsageError: it isn't closed.
        JobError: another run is at work.
    """
    with _alone_in(warehouse, lock_timeout) as connection:
        if not _closed_at(connection, month):
            raise UsageError(f"{month} isn't closed, so that it can't be opened again.")
        connection.execute(
            "UPDATE raw.closed_months SET reopened_at = $now"
            " WHERE month = strptime($month, '%Y-%m') AND reopened_at IS NULL",
            {"month": month, "now": now},
        )


def obstacles(warehouse: Warehouse, month: str, now: datetime) -> Sequence[str]:
    """Why the month is not to be closed yet, in sentences that say what to do."""
    question = TRANSFORMS / "reports" / "close_obstacles.sql"
    with opened(warehouse) as published, of_this_version():
        rows = published.execute(
            question.read_text(encoding="utf-8"), {"month": month, "now": now}
        ).fetchall()
    return [reason for _, reason in rows]


@contextmanager
def _alone_in(warehouse: Warehouse, lock_timeout: float) -> Iterator[duckdb.DuckDBPyConnection]:
    refuse_shards(warehouse)
    if not warehouse.published.exists():
        raise JobError(
            f"Nothing is published yet: {warehouse.published} doesn't exist. Run `billhouse run`"
            " first, or say with --warehouse where it is."
        )
    with (
        holding(warehouse, lock_timeout=lock_timeout),
        writable(warehouse),
        closing(connect(warehouse)) as connection,
    ):
        create(connection)
        yield connection


def _closed_at(connection: duckdb.DuckDBPyConnection, month: str) -> datetime | None:
    row = connection.execute(
        "SELECT max(closed_at) FROM raw.closed_months"
        " WHERE month = strptime(?, '%Y-%m') AND reopened_at IS NULL",
        [month],
    ).fetchone()
    return row[0] if row else None
