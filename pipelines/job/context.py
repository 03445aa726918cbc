"""Which run it is: where it is at work, since when, and whom it tells."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipelines.config.reporting import ReportingSettings
from pipelines.job.events import Listener, unfailing
from pipelines.warehouse.files import Warehouse


@dataclass(frozen=True)
class RunContext:
    """What both halves of a run know of it. `started_at` is the clock of every rule that needs one,
    `started` the seconds of a clock that never jumps, `rules` what `[allocation]` and `[budgets]`
    name, as JSON texts by name."""

    warehouse: Warehouse
    run_id: str
    started_at: datetime
    tell: Listener
    reporting: ReportingSettings | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)


def begin(
    warehouse: Warehouse,
    listener: Listener,
    run_id: str | None = None,
    reporting: ReportingSettings | None = None,
    rules: Mapping[str, str] | None = None,
    started_at: datetime | None = None,
) -> RunContext:
    """A run that begins now, or did at `started_at` with other shards of its warehouse."""
    return RunContext(
        warehouse,
        run_id or new_run_id(),
        started_at or datetime.now(UTC),
        unfailing(listener),
        reporting,
        rules or {},
    )


def new_run_id() -> str:
    """One that no other run has; in the order of time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
