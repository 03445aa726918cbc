"""`billhouse report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.warehouse.files import configured_warehouse


def report(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page to write.")
    ] = Path("billhouse-report.html"),
    months: Annotated[
        int, typer.Option(min=2, max=36, metavar="N", help="How many months of spend to show.")
    ] = 13,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Write one HTML page about everything that is published: spend, what is unpaid, what changed.

    The page needs no network and no other file; it prints, and can be sent to whoever may see your
    invoices.

    \b
    Examples:
      billhouse report --open
      billhouse report --output /srv/finance/invoices.html --months 24
    """
    with ending_in_a_sentence():
        from pipelines.cli.extras import needing
        from pipelines.publish import read
        from pipelines.report.contents import contents

        with needing("report"):
            from pipelines.report.writing import page, write

        with read.opened(configured_warehouse()) as connection:
            text = page(contents(connection, months))
        write(text, output)
        typer.echo(f"Wrote {output.absolute()}")
        if open_it:
            typer.launch(str(output.absolute()))
