"""Everything that a report says, asked from one published copy. SQL does all sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.publish.read import of_this_version
from pipelines.report.amounts import currency_decimals
from pipelines.report.columns import Chart, stacked
from pipelines.report.questions import Row, answer, ask, keep, text
from pipelines.transform.project import audits

if TYPE_CHECKING:
    import duckdb

_BREAKDOWNS = {
    "vendor": {"key": "vendor", "vendor": "vendor", "account": "''"},
    "account": {"key": "account", "vendor": "vendor", "account": "account"},
    "category": {"key": "category", "vendor": "''", "account": "''"},
}
_CHARTS = ("vendor", "category")
# A page can't show the changes of years; the table in the warehouse has them all.
_CHANGES_SHOWN = 200
_MONTH_CHANGES_SHOWN = 20
_PRODUCT = "coalesce(spend.description, spend.sku, '')"
_PROJECT, _RESOURCE = "coalesce(spend.project, '')", "coalesce(spend.resource, '')"
# The newest closed month against the one before: what tells rows apart, and which come first.
_COMPARED = {
    "line": {
        "product": _PRODUCT,
        "project": _PROJECT,
        "resource": _RESOURCE,
        "rank": "abs(change_cents)",
    },
    "product": {"product": _PRODUCT, "project": "''", "resource": "''", "rank": "cents"},
    "project": {"product": "''", "project": _PROJECT, "resource": "''", "rank": "cents"},
}


@dataclass(frozen=True)
class CurrencySection:
    """What the report says of one currency; sections are never added up.

    Each row is of the question in transforms/reports/ that has the field's name; `breakdowns` are
    of `series`, and `month_changes` are there by what is compared. `facts` is what the page adds up
    when its reader chooses vendors or an account.
    """

    currency: str
    decimals: int
    totals: Sequence[Row]
    breakdowns: Mapping[str, Sequence[Row]]
    charts: Mapping[str, Chart]
    outside: Row
    unpaid: Sequence[Row]
    unpaid_sums: Sequence[Row]
    unknown: Sequence[Row]
    month_changes: Mapping[str, Sequence[Row]]
    teams: Sequence[Row]
    upcoming: Sequence[Row]
    facts: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Contents:
    """A whole report; times are texts in UTC. Each row is of the question that has the field's
    name; `audits` are all rules, with how many rows break each. `overall` is all there is in the
    reporting currency, where one is configured."""

    loaded_at: str
    written_at: str
    accounts: Sequence[Row]
    decimals: dict[str, int]
    overall: CurrencySection | None
    rates: Sequence[Row]
    sections: Sequence[CurrencySection]
    changes: Sequence[Row]
    to_accrue: Sequence[Row]
    closes: Sequence[Row]
    since_close: Sequence[Row]
    account_months: Sequence[Row]
    gaps: int
    freshness: Sequence[Row]
    audits: Sequence[Row]
    rejected: Sequence[Row]

    @property
    def vendors(self) -> list[str]:
        return sorted({each["vendor"] for each in self.accounts})

    @property
    def failed_accounts(self) -> int:
        """Accounts whose last load failed."""
        return sum(each["last_outcome"] == "failed" for each in self.freshness)

    @property
    def warnings(self) -> int:
        """Audits that found something."""
        return sum(bool(each["count"]) for each in self.audits)


def contents(connection: duckdb.DuckDBPyConnection, months: int) -> Contents:
    """Ask a published copy for the newest `months` months, and for its state.

    Raises:
        JobError: the copy lacks a table or a column, since another version published it.
    """
    now = datetime.now(UTC)
    with of_this_version():
        keep(connection, "report_clock", "clock")
        keep(connection, "report_months", "months", months=months)
        keep(connection, "report_closed_months", "closed_months")
        keep(connection, "report_facts", "facts")
        [(loaded_at,)] = connection.execute("SELECT loaded_at FROM report_clock").fetchall()
        [gaps] = ask(connection, "gap_count")
        return Contents(
            f"{loaded_at:%Y-%m-%d %H:%M} UTC" if loaded_at else "never",
            f"{now:%Y-%m-%d %H:%M} UTC",
            ask(connection, "accounts"),
            currency_decimals(connection),
            next(
                (
                    _section(connection, f"all in {each['currency']}", each["decimals"])
                    for each in ask(connection, "reporting")
                ),
                None,
            ),
            ask(connection, "rates"),
            [
                _section(connection, each["currency"], each["decimals"])
                for each in ask(connection, "currencies")
            ],
            ask(connection, "changes", limit=_CHANGES_SHOWN),
            ask(connection, "to_accrue"),
            ask(connection, "closes"),
            ask(connection, "since_close"),
            ask(connection, "account_months", months=months),
            gaps["gaps"],
            ask(connection, "freshness", now=now),
            _audits(connection),
            ask(connection, "rejected"),
        )


def _section(
    connection: duckdb.DuckDBPyConnection, currency: str, decimals: int
) -> CurrencySection:
    totals = ask(connection, "totals", currency=currency)
    breakdowns = {
        dimension: answer(connection, text("series").format(**columns), currency=currency)
        for dimension, columns in _BREAKDOWNS.items()
    }
    [outside] = ask(connection, "outside", currency=currency)
    return CurrencySection(
        currency,
        decimals,
        totals,
        breakdowns,
        {
            dimension: stacked([each["cents"] for each in breakdowns[dimension]], len(totals))
            for dimension in _CHARTS
        },
        outside,
        ask(connection, "unpaid", currency=currency),
        ask(connection, "unpaid_sums", currency=currency),
        ask(connection, "unknown", currency=currency),
        {
            compared: answer(
                connection,
                text("month_changes").format(**columns),
                currency=currency,
                limit=_MONTH_CHANGES_SHOWN,
            )
            for compared, columns in _COMPARED.items()
        },
        ask(connection, "teams", currency=currency),
        ask(connection, "upcoming", currency=currency),
        [list(each.values()) for each in ask(connection, "fact_rows", currency=currency)],
    )


def _audits(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """All of them, since a rule that holds says something too."""
    found = {each["audit"]: each["rows_found"] for each in ask(connection, "findings")}
    return [
        {
            "name": each.name,
            "severity": each.severity,
            "rule": each.message,
            "count": found.get(each.name, 0),
        }
        for each in audits()
    ]
