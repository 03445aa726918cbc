"""`billhouse spend`."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.output import Format, ResultFormat
from pipelines.cli.streams import whole_output
from pipelines.warehouse.files import configured_warehouse


class By(StrEnum):
    """What sums are told apart by."""

    TEAM = "team"
    VENDOR = "vendor"
    ACCOUNT = "account"
    PROJECT = "project"
    PRODUCT = "product"
    MONTH = "month"


def spend(
    by: Annotated[By, typer.Option("--by", help="What the sums are of.")] = By.VENDOR,
    month: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM",
            help="Of this month (UTC); else of the last one that is over, and by month of all.",
        ),
    ] = None,
    result_format: Format = ResultFormat.TABLE,
) -> None:
    """Show what was spent in a month, the largest sums first; currencies are never added up.

    The sums are those of `spend`: what falls into the month by days, without void invoices. By team
    they follow the rules of [allocation]; what no rule names is `unallocated`.

    \b
    Examples:
      billhouse spend --by team
      billhouse spend --by project --month 2026-03
      billhouse spend --by month --format csv > months.csv
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli import output
        from pipelines.cli.tables import print_table
        from pipelines.publish import read
        from pipelines.report.months import asked_month
        from pipelines.report.spending import spending

        asked = None
        if month is not None or by is not By.MONTH:
            asked = asked_month(month, datetime.now(UTC))
        with read.opened(configured_warehouse()) as connection:
            found = spending(connection, by.value, asked)
        if result_format is not ResultFormat.TABLE:
            output.print_records(result_format, found.columns, found.records)
            return
        if not found.records:
            typer.echo(f"Nothing was spent in {asked}." if asked else "Nothing was spent.")
            return
        print_table(found.table.columns, found.table.rows, numbers=found.table.numbers)
        if asked:
            typer.echo(f"\nIn {asked} (UTC), by days, without void invoices, as in `spend`.")
