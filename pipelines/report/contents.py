"""Everything that a report says, asked from one published copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.publish.read import of_this_version
from pipelines.report.amounts import currency_decimals
from pipelines.report.attention import Attention, attention_in
from pipelines.report.changes import Changes, changes
from pipelines.report.columns import Chart, stacked
from pipelines.report.health import Health, health
from pipelines.report.months import Completeness, completeness
from pipelines.report.spend import Fact, Spend, currencies, facts_in, prepare, spend_in

if TYPE_CHECKING:
    import duckdb

_CHARTS = ("vendor", "category")


@dataclass(frozen=True)
class CurrencySection:
    """What the report says of one currency; sections are never added up."""

    currency: str
    decimals: int
    spend: Spend
    charts: dict[str, Chart]
    attention: Attention
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Contents:
    """A whole report. `accounts` are pairs of vendor and account; times are texts in UTC."""

    loaded_at: str
    written_at: str
    accounts: Sequence[tuple[str, str]]
    vendors: Sequence[str]
    decimals: dict[str, int]
    sections: Sequence[CurrencySection]
    changes: Changes
    completeness: Completeness
    health: Health


def contents(connection: duckdb.DuckDBPyConnection, months: int) -> Contents:
    """Ask a published copy for the newest `months` months, and for its state.

    Raises:
        JobError: the copy lacks a table or a column, since another version published it.
    """
    with of_this_version():
        prepare(connection, months)
        decimals = currency_decimals(connection)
        accounts = connection.execute(
            "SELECT vendor, account FROM fct_invoices"
            " UNION SELECT vendor, account FROM load_results ORDER BY ALL"
        ).fetchall()
        [(loaded_at, written_at)] = connection.execute(
            "SELECT coalesce(strftime(loaded_at, '%Y-%m-%d %H:%M UTC'), 'never'),"
            " strftime(now(), '%Y-%m-%d %H:%M UTC') FROM report_clock"
        ).fetchall()
        return Contents(
            loaded_at,
            written_at,
            accounts,
            sorted({vendor for vendor, _ in accounts}),
            decimals,
            [_section(connection, each, decimals[each]) for each in currencies(connection)],
            changes(connection),
            completeness(connection),
            health(connection),
        )


def _section(
    connection: duckdb.DuckDBPyConnection, currency: str, decimals: int
) -> CurrencySection:
    spend = spend_in(connection, currency)
    charts = {
        dimension: stacked(
            [series.cents for series in spend.breakdowns[dimension]], len(spend.months)
        )
        for dimension in _CHARTS
    }
    return CurrencySection(
        currency,
        decimals,
        spend,
        charts,
        attention_in(connection, currency),
        facts_in(connection, currency),
    )
