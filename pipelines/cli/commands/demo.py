"""`billhouse demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.progress import watching
from pipelines.errors import UsageError


def demo(
    directory: Annotated[
        Path,
        typer.Option(
            "--directory",
            "--warehouse",
            metavar="FOLDER",
            help="Where the demo's warehouse shall lie.",
        ),
    ] = Path("demo-warehouse"),
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Tell of every account, and tracebacks of errors.")
    ] = False,
) -> None:
    """Load invented invoices from a sandbox on this machine, and see what can be asked of them.

    No credential is needed, nothing leaves this machine, and your own warehouse is not touched.

    \b
    Examples:
      billhouse demo
      billhouse demo --directory /tmp/billhouse-demo
    """
    with watching("text") as tell, ending_in_a_sentence(tell, verbose=verbose):
        from pipelines.cli.demo import demonstrate
        from pipelines.cli.extras import needing

        with needing("demo"):
            from sandbox.vendor import StandInError
        try:
            import sandbox.server  # noqa: F401 - found missing before anything is written
        except StandInError as error:
            raise UsageError(str(error)) from None
        demonstrate(directory.absolute(), listener=tell, verbose=verbose)
