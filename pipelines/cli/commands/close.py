"""`billhouse close`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.cli.commands.run import LockTimeout, Verbose
from pipelines.cli.exits import ending_in_a_sentence
from pipelines.errors import UsageError
from pipelines.warehouse.files import configured_warehouse


def close(
    month: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month (UTC).")],
    reopen: Annotated[
        bool, typer.Option("--reopen", help="Open a closed month again; what it was is kept.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Close it though something is missing.")
    ] = False,
    lock_timeout: LockTimeout = 60.0,
    verbose: Verbose = False,
) -> None:
    """Close a month: keep what is published of it, so that each later change of it is told.

    A month that isn't over, an account whose newest load failed, and days that no invoice bills
    stand in the way, unless --anyway is given. Nothing is changed but what is remembered; the next
    run or rebuild shows in `close_differences` what the month would now be, and an alert tells it.

    \b
    Examples:
      billhouse close 2026-10
      billhouse close 2026-10 --reopen
    """
    with ending_in_a_sentence(verbose=verbose):
        from pipelines.publish import closing
        from pipelines.report.months import asked_month

        now = datetime.now(UTC)
        asked = asked_month(month, now)
        warehouse = configured_warehouse()
        if reopen:
            if anyway:
                raise UsageError("--anyway is for closing. Leave it or --reopen out.")
            closing.reopen(warehouse, asked, now=now, lock_timeout=lock_timeout)
            typer.echo(f"{asked} is open again.")
            return
        closed = closing.close(warehouse, asked, now=now, anyway=anyway, lock_timeout=lock_timeout)
        typer.echo(
            f"{closed.name} is closed, with {closed.lines:,} line(s) as they were published"
            f" {closed.believed_at:%Y-%m-%d %H:%M} UTC. From the next run on `billhouse changes"
            " --since-close` shows what it would now be."
        )
