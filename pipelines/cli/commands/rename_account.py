"""`billhouse rename-account`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.commands.run import LockTimeout, Verbose
from pipelines.cli.exits import ending_in_a_sentence
from pipelines.warehouse.files import configured_warehouse


def rename_account(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="As in `billhouse status`.")],
    old: Annotated[str, typer.Argument(metavar="OLD", help="What the tables call the account.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its name in the configuration now.")],
    lock_timeout: LockTimeout = 60.0,
    verbose: Verbose = False,
) -> None:
    """Move an account's history to the name that the configuration gives it now.

    Its invoices keep their ids. Nothing is fetched, and what is published follows with the next
    `billhouse run` or `billhouse rebuild`.

    \b
    Example:
      billhouse rename-account northflank default acme-europe
    """
    with ending_in_a_sentence(verbose=verbose):
        from pipelines.config.accounts import known_vendors
        from pipelines.warehouse.rename import rename_account as rename

        known_vendors([vendor])
        moved = rename(configured_warehouse(), vendor, old, new, lock_timeout=lock_timeout)
        typer.echo(
            f"{vendor} {old!r} is {new!r} now: {moved:,} version(s) of its documents moved. Publish"
            " them with `billhouse rebuild`, or with the next `billhouse run`."
        )
