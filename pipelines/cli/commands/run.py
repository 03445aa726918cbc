"""`billhouse run` and `billhouse rebuild`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.one_run import RunOptions, carried_out
from pipelines.cli.progress import LogFormat, watching
from pipelines.config.configuration import Configuration
from pipelines.errors import UsageError
from pipelines.job.context import new_run_id
from pipelines.job.shard_outcome import EngineName
from pipelines.warehouse.files import configured_warehouse
from pipelines.warehouse.shards import MOST_SHARDS

if TYPE_CHECKING:
    from pipelines.job.result import RunResult

Vendors = Annotated[
    list[str] | None,
    typer.Option("--vendor", metavar="NAME", help="Only this vendor; may be repeated."),
]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="NAME", help="Only this account; may be repeated."),
]
LockTimeout = Annotated[
    float,
    typer.Option(min=0, metavar="SECONDS", help="How long to wait for another run to end."),
]
Format = Annotated[
    LogFormat,
    typer.Option(
        "--log-format", help="How progress is told on stderr; with json, stdout is empty."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show tracebacks of errors.")]
_VerboseBuild = Annotated[
    bool, typer.Option("--verbose", help="Show every table built, and tracebacks of errors.")
]


def run(
    vendor: Vendors = None,
    account: Accounts = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Read again what a vendor lists month by month.")
    ] = False,
    on: Annotated[
        EngineName | None,
        typer.Option(
            help="Let this engine run all shards, and gather them then; it must be installed."
        ),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_SHARDS,
            metavar="COUNT",
            help="With --on: how many shards a new warehouse shall have.",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="N/COUNT",
            help="Only this share of the credentials, in a warehouse of so many; `billhouse gather`"
            " then publishes all.",
        ),
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            envvar="BILLHOUSE_RUN_ID",
            metavar="ID",
            help="With --shard or --on: the id that all shards share.",
        ),
    ] = None,
    started_at: Annotated[
        str | None,
        typer.Option(
            envvar="BILLHOUSE_STARTED_AT",
            metavar="TIME",
            help="With --shard or --on: when the run of all shards began.",
        ),
    ] = None,
    lock_timeout: LockTimeout = 60.0,
    log_format: Format = "text",
    verbose: _VerboseBuild = False,
) -> None:
    """Fetch the invoices, load them, build the tables, audit them and publish.

    Ends with 0 when all is done; 1 when nothing was published; 2 when the command or the
    configuration is wrong; 3 when it published, but an account failed or a document was rejected.
    With `exit_code` in [alerts], a run that raised a new alert ends with that instead of 0. Running
    it again is always safe.

    \b
    Examples:
      billhouse run
      billhouse run --vendor turso --vendor mongodb
      billhouse run --account acme --verbose
      billhouse run --log-format json 2>> billhouse.log
      billhouse run --shard 3/256 --run-id 2026-11-26 --started-at 2026-11-26T02:17:00Z
      billhouse run --on ray --shards 256
    """
    options = RunOptions(
        tuple(vendor or ()),
        tuple(account or ()),
        full_refresh,
        lock_timeout,
        shard,
        run_id,
        started_at,
    )
    run_id = (run_id if shard or on else None) or new_run_id()
    with (
        watching(log_format, run_id, verbose=verbose) as tell,
        ending_in_a_sentence(tell, verbose=verbose),
    ):
        if on is None:
            _refuse_in_vain(shards)
            report, exit_code, known = carried_out(options, run_id, tell)
        else:
            from pipelines.cli.spread_run import spread

            outcomes, exit_code = spread(on, shards, options, run_id, log_format, tell)
    if on is None:
        _finish(report, exit_code, log_format, known, verbose=verbose)
    if log_format != "json":
        from pipelines.cli.spread_run import print_outcomes

        print_outcomes(outcomes)
    raise typer.Exit(exit_code)


def _refuse_in_vain(shards: int | None) -> None:
    if shards is not None:
        raise UsageError(
            "--shards says how many shards an engine shall run, and needs --on spark or --on ray."
            f" By hand it is --shard 1/{shards} and so on."
        )


def rebuild(
    lock_timeout: LockTimeout = 60.0, log_format: Format = "text", verbose: _VerboseBuild = False
) -> None:
    """Build the tables again from the documents that are loaded, audit and publish them.

    Nothing is fetched. This is what to do after a change of the rules in [allocation] or [budgets],
    or of the SQL in transforms/.

    \b
    Examples:
      billhouse rebuild
      billhouse rebuild --verbose
    """
    run_id = new_run_id()
    with watching(log_format, run_id) as tell, ending_in_a_sentence(tell, verbose=verbose):
        from pipelines.job import run as job
        from pipelines.transform import rates

        configuration = Configuration()
        report = job.rebuild(
            configured_warehouse(configuration),
            listener=tell,
            lock_timeout=lock_timeout,
            run_id=run_id,
            reporting=configuration.reporting(rates.currencies),
            rules=configuration.rule_files(),
        )
    _finish(report, report.exit_code, log_format, {}, verbose=verbose)


def _finish(
    report: RunResult,
    exit_code: int,
    log_format: LogFormat,
    known: Mapping[str, int],
    *,
    verbose: bool,
) -> None:
    if log_format != "json":
        from pipelines.cli.summary import print_summary

        print_summary(report, known, verbose=verbose)
    raise typer.Exit(exit_code)
