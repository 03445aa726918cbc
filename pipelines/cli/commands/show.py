"""`billhouse show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.output import Format, ResultFormat
from pipelines.cli.streams import exact_output, whole_output
from pipelines.cli.tables import SYMBOLS
from pipelines.errors import JobError, UsageError
from pipelines.warehouse.files import Warehouse, configured_warehouse
from pipelines.warehouse.lock import WarehouseBusyError

if TYPE_CHECKING:
    from pipelines.report.invoices import Invoice

_LINES_SHOWN = 40
_TEXT_SHOWN = 60
_BUSY = "The document can't be shown while a run is at work; ask again when it is done."


def show(
    invoice: Annotated[
        str,
        typer.Argument(
            metavar="INVOICE", help="The vendor's number, or our id (its first 6 letters do)."
        ),
    ],
    document: Annotated[
        bool,
        typer.Option("--document", help="Only the vendor's documents, verbatim, one a line."),
    ] = False,
    result_format: Format = ResultFormat.TABLE,
) -> None:
    """Show one invoice: what is known of it, its lines, payments, history and document.

    JSON is one object of the published rows (invoice, lines, payments, history), CSV the lines;
    amounts are exact, in whole units of their currency.

    \b
    Examples:
      billhouse show 8a52f2155f22
      billhouse show INV-2026-0042 --document
      billhouse show INV-2026-0042 --format csv > lines.csv
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.publish import read
        from pipelines.report.invoices import details, find, record

        if document and result_format is not ResultFormat.TABLE:
            raise UsageError("--document shows what the vendor sent: leave --format out.")
        warehouse = configured_warehouse()
        with read.opened(warehouse) as connection:
            invoice_id = find(connection, invoice)
            if result_format is not ResultFormat.TABLE:
                _print_record(record(connection, invoice_id), result_format)
                return
            found = details(connection, invoice_id)
        if document:
            _print_verbatim(warehouse, invoice_id)
            return
        _print_tables(found)
        _print_readable(warehouse, invoice_id)


def _print_tables(invoice: Invoice) -> None:
    from pipelines.cli.tables import print_table

    print_table(invoice.facts.columns, invoice.facts.rows)
    for name, table in (
        ("Lines", invoice.lines),
        ("Payments", invoice.payments),
        ("History", invoice.history),
    ):
        if table.rows:
            shown = table.rows[:_LINES_SHOWN]
            count = f": the largest {len(shown)} of {len(table.rows)}"
            title = name + (count if len(shown) < len(table.rows) else "")
            typer.echo()
            print_table(table.columns, shown, numbers=table.numbers, title=title)


def _print_record(found: dict[str, Any], result_format: ResultFormat) -> None:
    from pipelines.cli import output

    if result_format is ResultFormat.JSON:
        output.print_object(found)
    else:
        output.print_records(result_format, list(found["lines"][0]), found["lines"])


def _print_verbatim(warehouse: Warehouse, invoice_id: str) -> None:
    from pipelines.report.documents import documents_of

    try:
        documents = documents_of(warehouse, invoice_id)
    except WarehouseBusyError as error:
        raise JobError(_BUSY) from error
    with exact_output() as out:
        for each in documents:
            # A vendor's text must not steer a terminal; a file or a program gets it byte by byte.
            text = each.text.translate(SYMBOLS) if out.isatty() else each.text
            out.write(f"{text}\n")


def _print_readable(warehouse: Warehouse, invoice_id: str) -> None:
    """Laid out, but digit by digit and field by field as it came."""
    import msgspec

    from pipelines.report.documents import NotHereError, documents_of

    try:
        documents = documents_of(warehouse, invoice_id)
    except WarehouseBusyError:
        typer.echo(_BUSY)
        return
    except NotHereError as error:
        typer.echo(str(error))
        return
    if not documents:
        typer.echo("The document is gone from the work database.")
        return
    document = msgspec.json.format(documents[0].text, indent=2).translate(SYMBOLS)
    lines = document.split("\n")
    typer.echo("\nDocument, as the vendor sent it")
    typer.echo("\n".join(lines[:_TEXT_SHOWN]))
    rest = [
        f"{len(lines) - _TEXT_SHOWN} more line(s)" if len(lines) > _TEXT_SHOWN else "",
        f"{len(documents) - 1} document(s) of details" if len(documents) > 1 else "",
    ]
    if any(rest):
        typer.echo(f"… and {' and '.join(filter(None, rest))}: add --document to see all.")
