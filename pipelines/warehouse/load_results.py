"""`marts.load_results`: what came of every account in every run. Rows are added, never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.warehouse.catalog import has_table
from pipelines.warehouse.comments import comment_on
from pipelines.warehouse.sql_text import GIVEN_ROWS, identifier
from pipelines.warehouse.state import Account, Changes

if TYPE_CHECKING:
    import duckdb

    from sources.extract.account import AccountResult

_COLUMNS = {
    "run_id": ("TEXT NOT NULL", "one run of the job, the same for all its accounts"),
    "started_at": ("TIMESTAMPTZ NOT NULL", "when the run began (UTC)"),
    "vendor": ("TEXT NOT NULL", "as in fct_invoices"),
    "account": ("TEXT NOT NULL", "as in fct_invoices"),
    "outcome": ("TEXT NOT NULL", "`ok`, or `failed` when anything of the account failed"),
    "requests": ("BIGINT NOT NULL", "HTTP requests sent, retries included"),
    "documents": ("BIGINT NOT NULL", "documents received, details and line items included"),
    "new_versions": ("BIGINT NOT NULL", "documents that were new or had changed"),
    "seconds": ("DOUBLE NOT NULL", "from the account's first request to its last answer"),
    "error": ("TEXT", "what failed and what to do about it; null when nothing did"),
    "run_number": ("BIGINT", "runs in their order, whatever the clock said: 1, 2, 3 …"),
}

TABLE = "load_results"
_COMMENT = "What came of every account in every run of the job; one row per run and account."


@dataclass(frozen=True)
class AccountOutcome:
    """What came of one account in one run. `closed_versions` are those replaced or no
    longer listed; `whole_listings` how many lists of invoices came whole, whatever else failed."""

    vendor: str
    account: str
    outcome: str
    requests: int
    documents: int
    new_versions: int
    closed_versions: int
    seconds: float
    error: str | None
    whole_listings: int


def outcome_of(result: AccountResult, changes: Mapping[Account, Changes]) -> AccountOutcome:
    """How an account's fetch went, and what the load made of it."""
    change = changes.get((result.vendor, result.account), Changes())
    return AccountOutcome(
        vendor=result.vendor,
        account=result.account,
        outcome=result.outcome,
        requests=result.requests,
        documents=result.documents,
        new_versions=change.new_versions,
        closed_versions=change.closed_versions,
        seconds=result.seconds,
        error=result.error,
        whole_listings=result.whole_listings,
    )


def definition(name: str) -> str:
    """SQL that makes the table under this name, if it isn't there yet."""
    columns = ", ".join(f"{column} {kind}" for column, (kind, _) in _COLUMNS.items())
    return f"CREATE TABLE IF NOT EXISTS {name} ({columns})"


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table if the warehouse has none yet, and number the runs of an older one."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
    connection.execute(definition("marts.load_results"))
    connection.execute("ALTER TABLE marts.load_results ADD COLUMN IF NOT EXISTS run_number BIGINT")
    connection.execute(
        "UPDATE marts.load_results AS result SET run_number = numbered.run_number FROM ("
        " SELECT run_id, row_number() OVER (ORDER BY min(started_at), run_id) AS run_number"
        " FROM marts.load_results GROUP BY run_id HAVING count(*) > count(run_number)"
        ") AS numbered WHERE result.run_id = numbered.run_id AND result.run_number IS NULL"
    )


def copy(connection: duckdb.DuckDBPyConnection, work: str, until: datetime | None = None) -> None:
    """Into the next file; `until` leaves out what had not begun by then: rows have no versions."""
    table = "next.main.load_results"
    if has_table(connection, "main", "load_results", "next"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    else:
        connection.execute(definition(table))
        meanings = {column: meaning for column, (_, meaning) in _COLUMNS.items()}
        comment_on(connection, table, _COMMENT, meanings)
    connection.execute(
        f"INSERT INTO {table} BY NAME FROM {identifier(work)}.marts.load_results"
        " WHERE started_at <= coalesce(?, started_at)",
        [until],
    )


def newest_run(connection: duckdb.DuckDBPyConnection, work: str, until: datetime) -> str:
    """The run that had begun last by then; none is the empty text."""
    [(run_id,)] = connection.execute(
        "SELECT coalesce(max_by(run_id, started_at), '')"  # noqa: S608
        f" FROM {identifier(work)}.marts.load_results WHERE started_at <= ?",
        [until],
    ).fetchall()
    return str(run_id)


def add(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    started_at: datetime,
    outcomes: Sequence[AccountOutcome],
) -> None:
    """Add a run's rows, in the place of those of an earlier attempt of the same one. The caller's
    transaction makes it all of them or none."""
    connection.execute("DELETE FROM marts.load_results WHERE run_id = ?", [run_id])
    [(number,)] = connection.execute(
        "SELECT coalesce(max(run_number), 0) + 1 FROM marts.load_results"
    ).fetchall()
    rows = [
        (
            run_id,
            started_at.isoformat(),
            outcome.vendor,
            outcome.account,
            outcome.outcome,
            outcome.requests,
            outcome.documents,
            outcome.new_versions,
            outcome.seconds,
            outcome.error,
            number,
        )
        for outcome in outcomes
    ]
    values = ", ".join(f"given[{place}]" for place in range(1, len(_COLUMNS) + 1))
    connection.execute(
        f"INSERT INTO marts.load_results SELECT {values} FROM {GIVEN_ROWS}",  # noqa: S608
        [json.dumps(rows)],
    )
