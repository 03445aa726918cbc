"""`billhouse invoices`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.commands.run import Accounts, Vendors
from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.output import Format, ResultFormat
from pipelines.cli.streams import whole_output
from pipelines.warehouse.files import configured_warehouse


def invoices(
    unpaid: Annotated[
        bool, typer.Option("--unpaid", help="Only open, past due and failed ones.")
    ] = False,
    vendor: Vendors = None,
    account: Accounts = None,
    month: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM", help="Only those whose period touches this month (UTC)."),
    ] = None,
    result_format: Format = ResultFormat.TABLE,
) -> None:
    """List published invoices, the newest last, and what they add up to in each currency.

    Total and to pay are of whole invoices. With --month, "in month" is the part of each that falls
    into the month by its days, without void invoices, as in `spend`, `status` and the report. CSV
    and JSON have the same columns, with exact amounts and dates.

    \b
    Examples:
      billhouse invoices --unpaid
      billhouse invoices --vendor mongodb --month 2026-03
      billhouse invoices --unpaid --format csv > unpaid.csv
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli import output
        from pipelines.cli.tables import print_table
        from pipelines.publish import read
        from pipelines.report.invoices import listed

        with read.opened(configured_warehouse()) as connection:
            found = listed(connection, vendors=vendor, accounts=account, month=month, unpaid=unpaid)
        if result_format is not ResultFormat.TABLE:
            output.print_records(result_format, found.columns, found.records)
            return
        if not found.records:
            typer.echo("No invoice is like that.")
            return
        print_table(found.invoices.columns, found.invoices.rows, numbers=found.invoices.numbers)
        typer.echo()
        print_table(found.totals.columns, found.totals.rows, numbers=found.totals.numbers)
        if month is not None:
            typer.echo(
                f"\nIn month: what of each falls into {month} by its days, without void invoices,"
                " as in spend;\ntotal and to pay are of whole invoices."
            )
