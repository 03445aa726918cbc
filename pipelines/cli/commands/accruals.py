"""`billhouse accruals`."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.extras import needing
from pipelines.cli.streams import whole_output
from pipelines.errors import UsageError
from pipelines.warehouse.files import configured_warehouse


class BookingFormat(StrEnum):
    """How the lines are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


def accruals(
    month: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM", help="The month (UTC); else the last one that is over."),
    ] = None,
    result_format: Annotated[
        BookingFormat, typer.Option("--format", help="How the lines are written.")
    ] = BookingFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The workbook, for --format xlsx.")
    ] = None,
) -> None:
    """Show what to accrue for a month that isn't invoiced in full yet, as lines to book.

    Each line is booked on the month's last day, and reversed on the first of the next month, since
    the invoice that comes is booked in full. It is what upcoming invoices say, else the mean of the
    last three months; the text says which. [accruals] names the accounts (`debit`, `credit`).

    \b
    Examples:
      billhouse accruals
      billhouse accruals --month 2026-10 --format csv > accruals.csv
      billhouse accruals --month 2026-10 --format xlsx --output accruals.xlsx
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli.output import ResultFormat, print_records
        from pipelines.cli.tables import print_table
        from pipelines.config.configuration import Configuration
        from pipelines.publish import read
        from pipelines.report.accruals import bookings
        from pipelines.report.months import asked_month

        if (output is not None) != (result_format is BookingFormat.XLSX):
            raise UsageError("--output FILE and --format xlsx go together; give both or neither.")
        configuration = Configuration()
        accounts = configuration.booking_accounts()
        asked = asked_month(month, datetime.now(UTC))
        with read.opened(configured_warehouse(configuration)) as connection:
            found = bookings(connection, asked, accounts)
        match result_format:
            case BookingFormat.XLSX if output is not None:
                with needing("xlsx"):
                    from pipelines.publish.workbook import write_sheet
                rows = [[each[name] for name in found.columns] for each in found.records]
                write_sheet(output.absolute(), f"accruals {asked}", found.columns, rows)
                typer.echo(f"Wrote {output.absolute()}")
            case BookingFormat.CSV | BookingFormat.JSON:
                print_records(ResultFormat(result_format.value), found.columns, found.records)
            case _ if found.records:
                print_table(found.table.columns, found.table.rows, numbers=found.table.numbers)
            case _:
                typer.echo(f"Nothing is to be accrued for {asked}.")
