"""`billhouse run --on ENGINE`: each shard is run by the engine as by hand, and all are gathered."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.extras import needing
from pipelines.cli.one_run import RunOptions, carried_out
from pipelines.cli.progress import LogFormat, watching
from pipelines.cli.warehouse_option import choose
from pipelines.config.configuration import Configuration
from pipelines.errors import JobError, UsageError
from pipelines.job.events import Event, Level, Listener
from pipelines.job.result import DONE, FAILED, PARTLY
from pipelines.job.shard_outcome import Engine, EngineName, ShardOutcome
from pipelines.warehouse.files import Warehouse, configured_warehouse

if TYPE_CHECKING:
    from pipelines.job.result import RunResult

# Exit codes above are signals'.
_STOPPED = 128


@dataclass(frozen=True)
class SpreadShard:
    """Runs a shard in a worker, which reads its own configuration in `folder`."""

    options: RunOptions
    run_id: str
    count: int
    folder: str
    warehouse: str
    log_format: LogFormat

    def __call__(self, number: int) -> ShardOutcome:
        from pipelines.config import dlt_settings

        last = ""

        def remember(event: Event) -> None:
            nonlocal last
            last = event.message if event.name == "failed" else last
            tell(event)

        with watching(self.log_format, self.run_id) as tell:
            try:
                with ending_in_a_sentence(remember):
                    _enter(self.folder)
                    choose(self.warehouse)
                    dlt_settings.apply()
                    options = replace(self.options, shard=f"{number}/{self.count}")
                    report, exit_code, _ = carried_out(options, self.run_id, tell)
            except typer.Exit as ended:
                if ended.exit_code > _STOPPED:
                    # Stopped from outside: to the engine, a worker that died.
                    os._exit(ended.exit_code)
                return ShardOutcome(number, ended.exit_code, message=last)
        return _outcome(number, exit_code, report)


def spread(
    engine: EngineName,
    shards: int | None,
    options: RunOptions,
    run_id: str,
    log_format: LogFormat,
    tell: Listener,
) -> tuple[Sequence[ShardOutcome], int]:
    """Run all shards and gather them. Returns how each ended, and the exit code of all.

    Raises:
        UsageError: the engine isn't there, or the number of shards isn't known or another one.
        JobError: no shard was built, or they can't be gathered.
    """
    from pipelines.job import gather as job
    from pipelines.job.alerts import Alerting
    from pipelines.job.shard_run import checked_run_id, checked_start

    if options.shard is not None:
        raise UsageError("--on runs all shards, and --shard one of them: give one of the two.")
    configuration = Configuration()
    warehouse = configured_warehouse(configuration)
    count = _number_of_shards(warehouse, shards)
    checked_run_id(run_id)
    now = datetime.now(UTC)
    moment = now if options.started_at is None else checked_start(options.started_at, now)
    shard = SpreadShard(
        replace(options, run_id=run_id, started_at=moment.isoformat(), is_spread=True),
        run_id,
        count,
        os.getcwd(),
        str(warehouse.directory),
        log_format,
    )
    alerting = Alerting(configuration.alerts(), warehouse, tell)
    outcomes = []
    try:
        with needing(engine):
            for outcome in _engine(engine)(shard, count):
                tell(_event(outcome, count))
                outcomes.append(outcome)
        failed = [each for each in outcomes if not _is_built(each)]
        if len(failed) == count:
            raise _nothing_built(failed)
        # The first of the shards has set it up, if nobody had.
        warehouse = configured_warehouse(configuration)
        result = job.gather(
            warehouse, listener=tell, lock_timeout=options.lock_timeout, run_id=run_id
        )
    except UsageError:
        raise
    except JobError as error:
        alerting.tell_of_all(str(error))
        raise
    alerting.tell_of_all(result.problem or _problem(failed, count))
    # Without a failure, what is left is the code that new alerts have.
    of_shards = PARTLY if failed else max(each.exit_code for each in outcomes)
    return outcomes, result.exit_code or of_shards


def print_outcomes(outcomes: Sequence[ShardOutcome]) -> None:
    """The summary: those that didn't end well one by one, all others as a sum."""
    from pipelines.cli.tables import print_table

    odd = sorted(each for each in outcomes if each.exit_code != DONE)
    if odd:
        print_table(
            ["shard", "exit code", "accounts", "what it said"],
            [
                [str(each.shard), str(each.exit_code), str(each.accounts), each.message]
                for each in odd
            ],
            numbers=frozenset({0, 1, 2}),
        )
    built = [each for each in outcomes if _is_built(each)]
    typer.echo(
        f"{len(built)} of {len(outcomes)} shard(s) are built:"
        f" {sum(each.accounts for each in built)} account(s),"
        f" {sum(each.rows for each in built)} row(s) written."
    )


def _number_of_shards(warehouse: Warehouse, shards: int | None) -> int:
    from pipelines.warehouse.shards import number_of_shards

    count = number_of_shards(warehouse)
    if count is None and shards is None:
        raise UsageError(
            f"The warehouse {warehouse.directory} isn't set up in shards yet: say how many it shall"
            " have with --shards 64. The number can't be changed afterwards."
        )
    if count is not None and shards not in (None, count):
        raise UsageError(
            f"The warehouse {warehouse.directory} was set up with {count} shards, so that --shards"
            f" {shards} doesn't fit. Leave --shards out."
        )
    return count or shards or 0


def _engine(name: EngineName) -> Engine:
    if name == "spark":
        from pipelines.job.on_spark import run_on_spark

        return run_on_spark
    from pipelines.job.on_ray import run_on_ray

    return run_on_ray


def _enter(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as error:
        raise UsageError(
            f"The worker can't use the folder {folder}, in which the run was started"
            f" ({error.strerror}). It must be there on each worker, with the configuration in it."
        ) from error


def _outcome(number: int, exit_code: int, report: RunResult) -> ShardOutcome:
    models = report.transform.models if report.transform else ()
    return ShardOutcome(
        number,
        exit_code,
        len(report.outcomes),
        sum(each.rows for each in models),
        report.problem or report.conclusion,
    )


def _is_built(outcome: ShardOutcome) -> bool:
    """Also with an account that failed, and with the exit code that new alerts have."""
    return outcome.exit_code not in (FAILED, UsageError.exit_code)


def _event(outcome: ShardOutcome, count: int) -> Event:
    level: Level = (
        "info" if outcome.exit_code == DONE else "warning" if _is_built(outcome) else "error"
    )
    message = f"Shard {outcome.shard}/{count} ended with {outcome.exit_code}: {outcome.message}"
    return Event("shard_ended", message, level, outcome._asdict())


def _nothing_built(failed: Sequence[ShardOutcome]) -> JobError:
    first = min(failed)
    kind = (
        UsageError if all(each.exit_code == UsageError.exit_code for each in failed) else JobError
    )
    return kind(
        f"No shard was built, so nothing was published: what readers see is as it was. Shard"
        f" {first.shard} ended with {first.exit_code}: {first.message}"
    )


def _problem(failed: Sequence[ShardOutcome], count: int) -> str | None:
    if not failed:
        return None
    first = min(failed)
    return (
        f"{len(failed)} of {count} shards failed and keep what they had. Shard {first.shard}:"
        f" {first.message}"
    )
