"""A run of one shard: what it needs beside a run of everything, and what it leaves for the lake."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.config.lake import Lake
from pipelines.errors import JobError, UsageError, one_sentence
from pipelines.job.context import RunContext
from pipelines.job.events import Event
from pipelines.publish import part_files, parts
from pipelines.publish.object_store import unquoted
from pipelines.publish.parts import Attempt, Part
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.shards import (
    Shard,
    ShardedAccounts,
    in_shard,
    number_of_shards,
    parse,
    settle,
)

if TYPE_CHECKING:
    from sources.vendor import ConfiguredAccount

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,99}")
# Machines' clocks differ a little.
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class ShardRun:
    """Which shard of which lake, and when the run of all of them began."""

    warehouse: Warehouse
    lake: Lake
    shard: Shard
    started_at: datetime
    sharded: ShardedAccounts

    def those_of(self, accounts: Sequence[ConfiguredAccount]) -> list[ConfiguredAccount]:
        """Those of the accounts that are this shard's."""
        mine = {(each.vendor, each.name) for each in self.sharded.accounts}
        return [each for each in accounts if (each.vendor, each.name) in mine]

    def begin(self) -> Attempt:
        """Take the shard over from any attempt before. Raises JobError."""
        return parts.claim(self.lake, self.shard)

    def leave(self, attempt: Attempt, run: RunContext, exit_code: int) -> None:
        """Leave what is published for the lake.

        Raises:
            JobError: another attempt took the shard over, or the files can't be written.
        """
        import duckdb

        with unquoted(self.lake):
            try:
                part = self._part(attempt, run, exit_code)
                parts.finish(attempt, part_files.filled(attempt, run.warehouse, part))
            except (duckdb.Error, OSError) as error:
                raise JobError(
                    f"The shard is built, but its part of the lake could not be written to"
                    f" {self.lake.address}: {one_sentence(error)} Fix the cause (a full disk is the"
                    " most frequent one) and run the shard again."
                ) from error

    def leave_nothing(self, attempt: Attempt, run: RunContext) -> None:
        """Say that no account is this shard's, so that what the lake has of it stays."""
        message = f"No account that is configured lies in shard {self.shard}: nothing to fetch"
        run.tell(Event("shard_empty", message))
        parts.finish(attempt, self._part(attempt, run, 0))

    def _part(self, attempt: Attempt, run: RunContext, exit_code: int) -> Part:
        return Part(
            self.shard.number,
            self.shard.of,
            attempt.generation,
            run.run_id,
            run.started_at,
            exit_code,
            [
                (each.vendor, each.name, self.sharded.credentials[each.vendor, each.name])
                for each in self.sharded.accounts
            ],
        )


def shard_run(
    warehouse: Warehouse,
    text: str | None,
    accounts: Sequence[ConfiguredAccount],
    run: tuple[str | None, str | None],
    *,
    lock_timeout: float,
) -> ShardRun | None:
    """The run of the shard that `text` names, of all configured `accounts`; None where it is a run
    of everything, 1/1. `run` is the run's id and the time at which it began, as they were given.

    Raises:
        UsageError: one of them is none, the warehouse has other shards, or is to be run in shards.
        JobError: another one sets the warehouse up, or what that wrote can't be read.
    """
    if text is None:
        count = number_of_shards(warehouse) or "4"
        raise UsageError(
            f"The warehouse {warehouse.directory} is published in a lake, shard by shard: say which"
            f" one with --shard 1/{count} and so on."
        )
    shard = parse(text)
    if shard.of == 1 and warehouse.lake is None:
        return None
    checked_run_id(run[0])
    started_at = checked_start(run[1], datetime.now(UTC))
    sharded = settle(warehouse, shard, accounts, lock_timeout=lock_timeout)
    place = warehouse.lake or warehouse.own_lake
    return ShardRun(in_shard(warehouse, shard), place, shard, started_at, sharded)


def refuse_with_shards(configured: Mapping[str, bool]) -> None:
    """See that none of these sections is configured, which look beyond a shard.

    Raises UsageError.
    """
    for section, is_configured in configured.items():
        if is_configured:
            raise UsageError(
                f"[{section}] can't be used with --shard yet: it looks at all accounts at once."
                " Take it out, or run without shards."
            )


def checked_run_id(text: str | None) -> str:
    """The id that all shards of a run share. Raises UsageError where it isn't given, or is none."""
    if text is None or not _RUN_ID.fullmatch(text):
        given = "is missing" if text is None else f"{text!r} is none"
        raise UsageError(
            f"--run-id (BILLHOUSE_RUN_ID) {given}: all shards of a run share one. Write up to 100"
            " letters, digits and _.:+- such as 2026-11-26, which no other run has."
        )
    return text


def checked_start(text: str | None, now: datetime) -> datetime:
    """The time at which the run of all shards began. Raises UsageError where it isn't given, is no
    time with a zone, or lies ahead."""
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        given = "is missing" if text is None else f"{text!r} is no time with a zone"
        raise UsageError(
            f"--started-at (BILLHOUSE_STARTED_AT) {given}: it is the clock of all shards of a run."
            " Write it like 2026-11-26T02:17:00Z."
        )
    if moment > now + _AHEAD:
        raise UsageError(
            f"--started-at (BILLHOUSE_STARTED_AT) {text} lies ahead of this machine's clock"
            f" ({now:%Y-%m-%dT%H:%M:%SZ}). Give the time at which the run began."
        )
    return moment.astimezone(UTC)
