"""One run of the job: load → transform → audit → publish, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.config import dlt_settings
from pipelines.errors import JobError
from pipelines.job import events, exchange_rates
from pipelines.job.building import Built, build_and_publish
from pipelines.job.context import RunContext, begin
from pipelines.job.events import Event, Listener
from pipelines.job.loading import FileLinks, fetch_and_load
from pipelines.job.result import RunResult
from pipelines.transform.audit import AUDIT_RESULTS
from pipelines.transform.project import mart_names
from pipelines.warehouse import invoice_files, load_results, stray_log
from pipelines.warehouse.disk import writable
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.load_results import AccountOutcome
from pipelines.warehouse.lock import holding, refuse_shards
from pipelines.warehouse.ownership import refuse_files_of_others

if TYPE_CHECKING:
    from pipelines.config.reporting import ReportingSettings
    from pipelines.job.shard_run import ShardRun
    from sources.vendor import ConfiguredAccount

_AUDIT_PROBLEM = (
    "An audit found an error, so nothing was published: billhouse.duckdb is as it was. The"
    " documents are loaded and safe. An error audit means that Billhouse reads them wrongly; the"
    " rows above show where. If you changed transforms/, fix it and run `billhouse rebuild`; else"
    " report this with those rows."
)
_NO_LISTING_CAME = (
    "Every account failed, and none of their lists came whole, so nothing was published:"
    " billhouse.duckdb is as it was. The errors above say what to do; the next run fetches what is"
    " missing."
)


def run(
    warehouse: Warehouse,
    accounts: Sequence[ConfiguredAccount],
    *,
    listener: Listener,
    full_refresh: bool = False,
    lock_timeout: float = 60.0,
    run_id: str | None = None,
    reporting: ReportingSettings | None = None,
    rules: Mapping[str, str] | None = None,
    archive: bool = False,
    part: ShardRun | None = None,
) -> RunResult:
    """Fetch, load, transform, audit and publish, alone in the warehouse; with `archive`, fetch the
    files of invoices then. With `part` the warehouse is a shard's, and its tables are left for the
    lake as well.

    Raises:
        JobError: the run couldn't go on; what is published is as it was.
    """
    dlt_settings.refuse_others()
    started_at = part.started_at if part else None
    with _alone_in(warehouse, listener, lock_timeout, run_id, reporting, rules, started_at) as this:
        attempt = part.begin() if part else None
        if part and attempt and not accounts:
            part.leave_nothing(attempt, this)
            return _ended(this)
        links: FileLinks | None = {} if archive else None
        outcomes, moment = fetch_and_load(this, accounts, full_refresh=full_refresh, links=links)
        if not any(outcome.whole_listings for outcome in outcomes):
            return _ended(this, outcomes, problem=_NO_LISTING_CAME)
        rates = exchange_rates.fetched(this)
        built = build_and_publish(this, loaded_at=moment.at, rates=rates)
        if links is not None and not built.result.has_errors:
            from pipelines.job.archiving import archive_files

            archive_files(this, accounts, links)
        result = _result(this, outcomes, built)
        if part and attempt and result.problem is None:
            part.leave(attempt, this, result.exit_code)
        return _told(this, result)


def rebuild(
    warehouse: Warehouse,
    *,
    listener: Listener,
    lock_timeout: float = 60.0,
    run_id: str | None = None,
    reporting: ReportingSettings | None = None,
    rules: Mapping[str, str] | None = None,
) -> RunResult:
    """Build, audit and publish what `raw` holds, without fetching anything.

    Raises:
        JobError: nothing was loaded yet, or the build couldn't go on.
    """
    refuse_shards(warehouse)
    if not warehouse.work.exists():
        raise JobError(
            f"There is nothing to rebuild: {warehouse.work} doesn't exist. Load the invoices first,"
            " with `billhouse run`, or say with --warehouse where they are."
        )
    with _alone_in(warehouse, listener, lock_timeout, run_id, reporting, rules) as this:
        return _ended(this, built=build_and_publish(this, everything=True))


def _ended(
    this: RunContext,
    outcomes: Sequence[AccountOutcome] = (),
    built: Built | None = None,
    *,
    problem: str | None = None,
) -> RunResult:
    return _told(this, _result(this, outcomes, built, problem=problem))


def _result(
    this: RunContext,
    outcomes: Sequence[AccountOutcome],
    built: Built | None,
    *,
    problem: str | None = None,
) -> RunResult:
    if built is not None and built.result.has_errors:
        problem = _AUDIT_PROBLEM
    return RunResult(
        this.run_id,
        time.monotonic() - this.started,
        outcomes,
        built.result if built else None,
        built.rejected if built else (),
        problem,
        built.changes if built else (),
    )


def _told(this: RunContext, result: RunResult) -> RunResult:
    """Tell how it ended."""
    problem = result.problem
    for detail in events.details(result):
        this.tell(detail)
    this.tell(
        Event(
            "run_finished",
            problem or f"Done in {result.seconds:.1f} s",
            "error" if problem else "info",
            {
                "run_id": this.run_id,
                "exit_code": result.exit_code,
                "seconds": round(result.seconds, 3),
                "rejected_documents": len(result.rejected),
                "invoice_changes": len(result.changes),
                "summary": result.conclusion,
            },
        )
    )
    return result


@contextmanager
def _alone_in(
    warehouse: Warehouse,
    listener: Listener,
    lock_timeout: float,
    run_id: str | None,
    reporting: ReportingSettings | None,
    rules: Mapping[str, str] | None,
    started_at: datetime | None = None,
) -> Iterator[RunContext]:
    """A run that holds the warehouse, and meets no file of others and no log that isn't its
    database's."""
    with holding(warehouse, lock_timeout=lock_timeout), writable(warehouse):
        this = begin(warehouse, listener, run_id, reporting, rules, started_at)
        names = [*mart_names(), AUDIT_RESULTS.table, load_results.TABLE, invoice_files.TABLE]
        refuse_files_of_others(warehouse, names)
        for log in stray_log.set_aside(warehouse.work):
            this.tell(events.log_set_aside(log))
        yield this
