"""`billhouse backup` and `billhouse restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.commands.run import LockTimeout, Verbose
from pipelines.cli.exits import ending_in_a_sentence
from pipelines.warehouse.files import configured_warehouse

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The backup's folder.")]


def backup(folder: Folder, lock_timeout: LockTimeout = 60.0, verbose: Verbose = False) -> None:
    """Write every version of every document, and the runs' results, as Parquet; and the files of
    invoices as they are.

    What is published is not in it: `billhouse rebuild` makes it again from what is.

    \b
    Example:
      billhouse backup /backups/billhouse-2026-03-01
    """
    with ending_in_a_sentence(verbose=verbose):
        from pipelines.warehouse.backup import back_up

        made = back_up(configured_warehouse(), folder.absolute(), lock_timeout=lock_timeout)
        typer.echo(f"{len(made.rows)} table(s), {sum(made.rows.values()):,} row(s) in {folder}.")


def restore(folder: Folder, lock_timeout: LockTimeout = 60.0, verbose: Verbose = False) -> None:
    """Make an empty warehouse what it was when the backup was written.

    \b
    Example:
      billhouse restore /backups/billhouse-2026-03-01
      billhouse rebuild
    """
    with ending_in_a_sentence(verbose=verbose):
        from pipelines.job.events import log_set_aside
        from pipelines.warehouse.backup import restore as restore_from

        warehouse = configured_warehouse()
        made = restore_from(warehouse, folder.absolute(), lock_timeout=lock_timeout)
        for log in made.stray_logs:
            typer.echo(f"Warning: {log_set_aside(log).message}", err=True)
        typer.echo(
            f"{len(made.rows)} table(s), {sum(made.rows.values()):,} row(s) restored into"
            f" {warehouse.work}. Publish them with `billhouse rebuild`."
        )
