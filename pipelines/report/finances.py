"""What finance asks first of the published copy: the newest closed month and what is to be paid of
each currency, which months are missing, and what the audits found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.publish.read import of_this_version
from pipelines.report.amounts import currency_decimals, in_units
from pipelines.report.questions import Row, ask, keep

if TYPE_CHECKING:
    import duckdb


def positions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """A row a currency, as `positions` in transforms/reports/ gives it, its amounts exact.

    Raises:
        JobError: another version of Billhouse published the copy.
    """
    with of_this_version():
        keep(connection, "report_closed_months", "closed_months")
        decimals = currency_decimals(connection)
        return [in_units(each, decimals) for each in ask(connection, "positions")]


def gaps(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The accounts with suspicious gaps: up to four months a row.

    Raises:
        JobError: another version of Billhouse published the copy.
    """
    with of_this_version():
        return ask(connection, "gaps")


def findings(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """What the newest build's audits found.

    Raises:
        JobError: another version of Billhouse published the copy.
    """
    with of_this_version():
        return ask(connection, "findings")
