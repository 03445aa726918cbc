"""`billhouse gather`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.commands.run import Format, LockTimeout, Verbose
from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.progress import watching
from pipelines.job.context import new_run_id
from pipelines.warehouse.files import configured_warehouse


def gather(
    run_id: Annotated[
        str | None,
        typer.Option(
            envvar="BILLHOUSE_RUN_ID",
            metavar="ID",
            help="Which run the shards are of; by default the newest.",
        ),
    ] = None,
    maintain: Annotated[
        bool,
        typer.Option(
            "--maintain",
            help="Publish nothing: make few files of many, and delete what nobody reads any more.",
        ),
    ] = False,
    lock_timeout: LockTimeout = 60.0,
    log_format: Format = "text",
    verbose: Verbose = False,
) -> None:
    """Publish what the shards of a run have built, in one step, into the lake.

    A shard that failed keeps what it had and is named. Ends with 0 when all are published; 1 when
    nothing was; 3 when a shard keeps what it had, an account failed, a document was rejected or the
    `format` in [lake] could not be written. Gathering again is always safe.

    \b
    Examples:
      billhouse gather
      billhouse gather --run-id 2026-11-26
      billhouse gather --maintain
    """
    with (
        watching(log_format, run_id or new_run_id(), verbose=verbose) as tell,
        ending_in_a_sentence(tell, verbose=verbose),
    ):
        from pipelines.job import gather as job
        from pipelines.job.shard_run import checked_run_id

        warehouse = configured_warehouse()
        if maintain:
            job.maintain(warehouse, listener=tell, lock_timeout=lock_timeout)
            return
        wanted = None if run_id is None else checked_run_id(run_id)
        result = job.gather(warehouse, listener=tell, lock_timeout=lock_timeout, run_id=wanted)
    raise typer.Exit(result.exit_code)
