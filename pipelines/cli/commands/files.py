"""`billhouse files`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.warehouse.files import configured_warehouse


def files(
    output: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the copies shall lie; made if need be.")
    ],
    month: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM", help="Only those whose period touches this month (UTC)."),
    ] = None,
) -> None:
    """Copy the files of invoices (PDF, CSV) under readable names, and say which have none.

    `billhouse run` fetches them where [archive] is enabled. A name is of the vendor, the account,
    the invoice's number and the first day of its period.

    \b
    Example:
      billhouse files --month 2026-10 --output paper
    """
    with ending_in_a_sentence():
        from pipelines.publish import read
        from pipelines.report.files import copy_files

        warehouse = configured_warehouse()
        with read.opened(warehouse) as connection, read.of_this_version():
            found = copy_files(connection, warehouse, month, output.absolute())
        typer.echo(f"{len(found.copied)} file(s) in {output}.")
        for invoice, reason in found.missing:
            typer.echo(f"No file: {invoice}: {reason}")
