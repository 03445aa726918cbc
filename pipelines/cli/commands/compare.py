"""`billhouse compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.output import Format, ResultFormat
from pipelines.cli.streams import whole_output
from pipelines.warehouse.files import configured_warehouse


def compare(
    invoice: Annotated[
        str, typer.Argument(metavar="INVOICE", help="Its number, or our id, as for `show`.")
    ],
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="[OTHER]",
            help="What it is compared with; the account's invoice before it, if none is given.",
        ),
    ] = None,
    result_format: Format = ResultFormat.TABLE,
) -> None:
    """Show why an invoice is higher or lower than another: the changes by line, the largest first.

    Lines of one category, product, project and resource count together. Void and upcoming invoices
    are compared with only where they are named.

    \b
    Examples:
      billhouse compare 8a52f2155f22
      billhouse compare INV-2026-0042 INV-2026-0041 --format csv
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.cli import output
        from pipelines.cli.tables import print_table
        from pipelines.publish import read
        from pipelines.report.comparison import comparison, find_before
        from pipelines.report.invoices import find

        with read.opened(configured_warehouse()) as connection:
            invoice_id = find(connection, invoice)
            other_id = find(connection, other) if other else find_before(connection, invoice_id)
            found = comparison(connection, invoice_id, other_id)
        if result_format is not ResultFormat.TABLE:
            output.print_records(result_format, found.columns, found.records)
            return
        typer.echo(f"{found.names[1]}\nagainst {found.names[0]}:")
        print_table(found.lines.columns, found.lines.rows, numbers=found.lines.numbers)
