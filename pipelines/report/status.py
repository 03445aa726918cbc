"""What `billhouse status` tells: what is loaded, what failed last, and how old all of it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError
from pipelines.warehouse import load_results
from pipelines.warehouse.connection import cannot_open
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import WarehouseBusyError, holding
from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Periods and ages are worked out by DuckDB, which is where dates are understood.
_ACCOUNTS = """
WITH results AS (
    SELECT vendor, account,
           arg_max(started_at, position) FILTER (outcome = 'ok') AS last_ok,
           arg_max(outcome, position) AS last_outcome
    FROM in_order GROUP BY ALL
),
invoices AS (
    SELECT vendor, account, count(*) AS invoices, max(billing_period_start) AS newest_period
    FROM fct_invoices GROUP BY ALL
)
SELECT vendor, account,
       coalesce(invoices, 0) AS invoices,
       coalesce(strftime(newest_period, '%Y-%m-%d'), '–') AS newest,
       concat_ws('; ', CASE WHEN last_outcome = 'failed' THEN 'failed' END,
                 CASE WHEN last_ok > now() THEN 'ok by a clock that was ahead'
                      ELSE 'ok ' || date_diff('hour', last_ok, now()) || ' h ago' END
       ) AS "last load"
FROM results FULL JOIN invoices USING (vendor, account)
ORDER BY ALL
"""
_FAILURES = """
SELECT strftime(started_at, '%Y-%m-%d %H:%M') AS "last failed, UTC",
       vendor || ' ' || account AS account, error
FROM in_order
WHERE outcome = 'failed'
QUALIFY row_number() OVER (PARTITION BY vendor, account ORDER BY position DESC) = 1
ORDER BY position DESC, in_order.vendor, in_order.account
"""
# The clock may have jumped between two runs. A copy of an older Billhouse has no numbers yet.
_IN_ORDER = """
CREATE VIEW in_order AS
SELECT *, row_number() OVER (ORDER BY run_number NULLS FIRST, started_at, run_id) AS position
FROM load_results
"""


def accounts_and_failures(warehouse: Warehouse) -> tuple[pa.Table, pa.Table]:
    """An account a row, and each account's last failure.

    Raises:
        JobError: nothing was loaded yet, or the files can't be read.
    """
    import duckdb

    if not warehouse.work.exists():
        raise JobError(
            f"Nothing was loaded yet: {warehouse.work} doesn't exist. Run `billhouse run` first, or"
            " set warehouse.directory to where the warehouse is."
        )
    with closing(duckdb.connect()) as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        _copy_published(connection, warehouse)
        _copy_newest_results(connection, warehouse)
        connection.execute(_IN_ORDER)
        return (
            connection.execute(_ACCOUNTS).to_arrow_table(),
            connection.execute(_FAILURES).to_arrow_table(),
        )


def _copy_published(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """What readers of the published copy see; nothing, before there is one."""
    connection.execute(load_results.definition("load_results"))
    connection.execute(
        "CREATE TABLE fct_invoices (vendor TEXT, account TEXT, billing_period_start TIMESTAMPTZ)"
    )
    if warehouse.published.exists():
        with _attached(connection, warehouse.published):
            connection.execute("INSERT INTO load_results BY NAME FROM attached.load_results")
            connection.execute(
                "INSERT INTO fct_invoices"
                " SELECT vendor, account, billing_period_start FROM attached.fct_invoices"
            )


def _copy_newest_results(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """The work database also knows of runs that published nothing.

    While a run writes to it, the published results have to do: nobody who asks for the status may
    keep a run from its work.
    """
    try:
        with holding(warehouse, lock_timeout=0), _attached(connection, warehouse.work):
            has_results = connection.execute(
                "SELECT count(*) > 0 FROM duckdb_tables()"
                " WHERE database_name = 'attached' AND table_name = 'load_results'"
            ).fetchone()
            if has_results == (True,):
                connection.execute(
                    "INSERT INTO load_results BY NAME FROM attached.marts.load_results AS newest"
                    " ANTI JOIN load_results USING (run_id, vendor, account)"
                )
    except WarehouseBusyError:
        return


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    import duckdb

    try:
        connection.execute(f"ATTACH {literal(file)} AS attached (READ_ONLY)")
    except duckdb.Error as error:
        raise cannot_open(file, error) from error
    try:
        yield
    finally:
        connection.execute("DETACH attached")
