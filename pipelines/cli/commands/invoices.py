"""`billhouse invoices`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.commands.run import Accounts, Vendors
from pipelines.cli.exits import ending_in_a_sentence
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
) -> None:
    """List published invoices, the newest last, and what they add up to in each currency.

    \b
    Examples:
      billhouse invoices --unpaid
      billhouse invoices --vendor mongodb --month 2026-03
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli.tables import print_table
        from pipelines.publish import read
        from pipelines.report.invoices import listed

        with read.opened(configured_warehouse()) as connection:
            found = listed(connection, vendors=vendor, accounts=account, month=month, unpaid=unpaid)
        if not found.invoices.rows:
            typer.echo("No invoice is like that.")
            return
        print_table(found.invoices.columns, found.invoices.rows, numbers=found.invoices.numbers)
        typer.echo()
        print_table(found.totals.columns, found.totals.rows, numbers=found.totals.numbers)
