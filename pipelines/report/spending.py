"""What was spent, by team, vendor, account, project, product or month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import UsageError
from pipelines.publish.read import of_this_version
from pipelines.report.amounts import CENTS, currency_decimals, format_amount, in_units
from pipelines.report.answers import Answer
from pipelines.report.invoices import Table
from pipelines.report.questions import Row, answer, text

if TYPE_CHECKING:
    import duckdb

_TEAM = "team"
_BY = {
    "vendor": "spend.vendor",
    "account": "spend.vendor || ' ' || spend.account",
    "project": "coalesce(spend.project, '–')",
    "product": "coalesce(spend.description, spend.sku, '–')",
    "month": "coalesce(strftime(spend.month, '%Y-%m'), '–')",
}
_SUMS = ("amount_cents", "estimate_cents")


def spending(connection: duckdb.DuckDBPyConnection, by: str, month: str | None) -> Answer:
    """What was spent in a month (`2026-10`), or in all, the largest sums of each currency first.

    Raises:
        UsageError: by team is asked for, and no rules of allocation are published.
    """
    with of_this_version():
        sql = text("spend_by_team") if by == _TEAM else text("spend").format(by=_BY[by])
        rows = answer(connection, sql, month=month)
        if by == _TEAM and not connection.execute("FROM fct_allocated_spend LIMIT 1").fetchall():
            raise UsageError(
                "What is published says of no team what it costs. Write `file` in [allocation], as"
                " docs/finance.md says, and then `billhouse rebuild`."
            )
        decimals = currency_decimals(connection)
    records = [in_units({by: row.pop("name"), **row}, decimals) for row in rows]
    return Answer(
        Table(
            [by, "currency", "amount", "of that estimated"],
            [
                [each[by], each["currency"], *(_shown(row, name, decimals) for name in _SUMS)]
                for each, row in zip(records, rows, strict=True)
            ],
            frozenset({2, 3}),
        ),
        [by, "currency", *(name.removesuffix(CENTS) for name in _SUMS)],
        records,
    )


def _shown(row: Row, name: str, decimals: dict[str, int]) -> str:
    return format_amount(row[name], decimals[row["currency"]])
