"""`billhouse changes`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.output import Format, ResultFormat
from pipelines.cli.streams import whole_output
from pipelines.warehouse.files import configured_warehouse


def changes(
    since_close: Annotated[
        bool,
        typer.Option(
            "--since-close",
            help="Of months that were closed: the lines that would now be another amount.",
        ),
    ] = False,
    result_format: Format = ResultFormat.TABLE,
) -> None:
    """Show what changed after the fact: issued invoices, or what closed months would now be.

    \b
    Examples:
      billhouse changes
      billhouse changes --since-close --format csv > corrections.csv
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli import output
        from pipelines.cli.tables import print_table
        from pipelines.publish import read
        from pipelines.report import changes as report

        with read.opened(configured_warehouse()) as connection:
            found = (
                report.since_close(connection) if since_close else report.of_invoices(connection)
            )
            closes = report.closes(connection) if since_close else []
        if result_format is not ResultFormat.TABLE:
            output.print_records(result_format, found.columns, found.records)
            return
        if found.records:
            print_table(found.table.columns, found.table.rows, numbers=found.table.numbers)
        elif not since_close:
            typer.echo("No issued invoice has changed.")
        elif closes:
            months = ", ".join("{month} (closed {closed_on})".format(**each) for each in closes)
            typer.echo(f"Nothing is other than when it was closed: {months}.")
        else:
            typer.echo(
                "No month is closed in what is published. `billhouse close 2026-10` closes one, and"
                " the next run shows it."
            )
