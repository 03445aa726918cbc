"""`billhouse run` and `billhouse rebuild`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.metrics import Metrics
from pipelines.cli.progress import LogFormat, watching
from pipelines.config.configuration import Configuration
from pipelines.job.context import new_run_id
from pipelines.job.events import acknowledging
from pipelines.warehouse.files import configured_warehouse

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
            envvar="BILLHOUSE_RUN_ID", metavar="ID", help="With --shard: the id that all share."
        ),
    ] = None,
    started_at: Annotated[
        str | None,
        typer.Option(
            envvar="BILLHOUSE_STARTED_AT",
            metavar="TIME",
            help="With --shard: when the run of all shards began.",
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
    """
    given_id, run_id = run_id, (run_id if shard else None) or new_run_id()
    with (
        watching(log_format, run_id, verbose=verbose) as tell,
        ending_in_a_sentence(tell, verbose=verbose),
    ):
        from pipelines.cli.secrets_permissions import warn_of_readable_secrets
        from pipelines.job import run as job
        from pipelines.job.alerts import Alerting
        from pipelines.transform import project, rates

        configuration = Configuration()
        warehouse = configured_warehouse(configuration)
        accounts = configuration.accounts(vendor or (), account or ())
        rules = configuration.rule_files()
        known = configuration.acknowledged([each.name for each in project.audits()])
        reporting = configuration.reporting(rates.currencies)
        archive = configuration.archives()
        part = None
        if shard is not None or warehouse.lake is not None:
            from pipelines.job.shard_run import refuse_with_shards, shard_run

            refuse_with_shards({"allocation": bool(rules), "archive": archive})
            every = configuration.accounts(vendor or ())
            moment = (given_id, started_at)
            part = shard_run(warehouse, shard, every, moment, lock_timeout=lock_timeout)
        if part is not None:
            warehouse = part.warehouse
            accounts = part.those_of(accounts)
        warn_of_readable_secrets(tell)
        alerting = Alerting(configuration.alerts(), warehouse, tell)
        metrics = Metrics(configuration.metrics_textfile(), warehouse, tell)
        with metrics.of_failure(), alerting.of_failure():
            report = job.run(
                warehouse,
                accounts,
                listener=acknowledging(tell, known),
                full_refresh=full_refresh,
                lock_timeout=lock_timeout,
                run_id=run_id,
                reporting=reporting,
                rules=rules,
                archive=archive,
                part=part,
            )
        exit_code = alerting.exit_code_after(report)
        metrics.tell_of(exit_code, report)
    _finish(report, exit_code, log_format, known, verbose=verbose)


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
