"""What `billhouse status` tells: what is loaded, what failed last, and how old all of it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError
from pipelines.publish.read import opened
from pipelines.report.questions import Row, ask
from pipelines.warehouse import load_results, session
from pipelines.warehouse.connection import cannot_open
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import WarehouseBusyError, holding
from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Freshness:
    """An account a row, as `freshness` in transforms/reports/ gives it, and what is `outdated`."""

    accounts: Sequence[Row]
    outdated: Sequence[Row]


def freshness(warehouse: Warehouse, max_age: timedelta | None = None) -> Freshness:
    """How old what is loaded is; without `max_age` nothing is too old.

    Raises:
        JobError: nothing was loaded yet, or the files can't be read.
    """
    import duckdb

    if warehouse.lake is not None:
        with opened(warehouse) as connection:
            connection.execute("CREATE TEMP TABLE published_results AS FROM load_results")
            return _freshness(connection, max_age)
    if not warehouse.work.exists():
        raise JobError(
            f"Nothing was loaded yet: {warehouse.work} doesn't exist. Run `billhouse run` first, or"
            " set warehouse.directory to where the warehouse is."
        )
    with closing(duckdb.connect()) as connection:
        session.begin(connection)
        _copy_published(connection, warehouse)
        _copy_newest_results(connection, warehouse)
        return _freshness(connection, max_age)


def _freshness(connection: duckdb.DuckDBPyConnection, max_age: timedelta | None) -> Freshness:
    now = datetime.now(UTC)
    return Freshness(
        ask(connection, "freshness", now=now),
        [] if max_age is None else ask(connection, "outdated", oldest=now - max_age),
    )


def _copy_published(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """What readers of the published copy see; nothing, before there is one."""
    connection.execute(load_results.definition("load_results"))
    connection.execute(
        "CREATE TABLE fct_invoices (vendor TEXT, account TEXT,"
        " billing_period_start TIMESTAMPTZ, billing_period_end TIMESTAMPTZ)"
    )
    if warehouse.published.exists():
        with _attached(connection, warehouse.published):
            connection.execute("INSERT INTO load_results BY NAME FROM attached.load_results")
            connection.execute(
                "INSERT INTO fct_invoices"
                " SELECT vendor, account, billing_period_start, billing_period_end"
                " FROM attached.fct_invoices"
            )
    connection.execute("CREATE TABLE published_results AS FROM load_results")


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
