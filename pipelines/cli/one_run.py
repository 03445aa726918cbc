"""What `billhouse run` does once it is understood: on this machine, or in an engine's worker."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.cli.metrics import Metrics
from pipelines.config.configuration import Configuration
from pipelines.job.events import Listener, acknowledging
from pipelines.warehouse.files import configured_warehouse

if TYPE_CHECKING:
    from pipelines.job.result import RunResult


@dataclass(frozen=True)
class RunOptions:
    """A run as it was asked for, in texts. `is_spread` is one whose shards an engine runs: what
    fails is told by who spread them."""

    vendors: tuple[str, ...]
    accounts: tuple[str, ...]
    full_refresh: bool
    lock_timeout: float
    shard: str | None = None
    run_id: str | None = None
    started_at: str | None = None
    is_spread: bool = False


def carried_out(
    options: RunOptions, run_id: str, tell: Listener
) -> tuple[RunResult, int, Mapping[str, int]]:
    """What came of it, its exit code, and how many rows of each audit are known.

    Raises JobError where it couldn't go on.
    """
    from pipelines.cli.secrets_permissions import warn_of_readable_secrets
    from pipelines.job import run as job
    from pipelines.job.alerts import Alerting
    from pipelines.transform import project, rates

    configuration = Configuration()
    warehouse = configured_warehouse(configuration)
    accounts = configuration.accounts(options.vendors, options.accounts)
    rules = configuration.rule_files()
    known = configuration.acknowledged([each.name for each in project.audits()])
    reporting = configuration.reporting(rates.currencies)
    archive = configuration.archives()
    part = None
    if options.shard is not None or warehouse.lake is not None:
        from pipelines.job.shard_run import refuse_with_shards, shard_run

        refuse_with_shards({"allocation": bool(rules), "archive": archive})
        every = configuration.accounts(options.vendors)
        moment = (options.run_id, options.started_at)
        part = shard_run(warehouse, options.shard, every, moment, lock_timeout=options.lock_timeout)
    if part is not None:
        warehouse = part.warehouse
        accounts = part.those_of(accounts)
    warn_of_readable_secrets(tell)
    alerting = Alerting(configuration.alerts(), warehouse, tell)
    metrics = Metrics(configuration.metrics_textfile(), warehouse, tell)
    with metrics.of_failure(), nullcontext() if options.is_spread else alerting.of_failure():
        report = job.run(
            warehouse,
            accounts,
            listener=acknowledging(tell, known),
            full_refresh=options.full_refresh,
            lock_timeout=options.lock_timeout,
            run_id=run_id,
            reporting=reporting,
            rules=rules,
            archive=archive,
            part=part,
        )
    exit_code = alerting.exit_code_after(report, is_spread=options.is_spread)
    metrics.tell_of(exit_code, report)
    return report, exit_code, known
