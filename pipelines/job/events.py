"""What a run tells whoever watches it: a screen, a log file, a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pipelines.job.result import RunResult
    from pipelines.transform import AuditFinding
    from pipelines.warehouse.load_results import AccountOutcome
    from sources.client.retry import Wait
    from sources.extract.account import FetchEvent

AUDIT_FINDING = "audit_finding"
FETCHING = "fetching"
WAITING = "waiting"
DOCUMENT_REJECTED = "document_rejected"
INVOICE_CHANGED = "invoice_changed"
_DETAILS_TOLD = 20

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Event:
    """Something that happened. `name` and `fields` are for programs, `message` is for people."""

    name: str
    message: str
    level: Level = "info"
    fields: Mapping[str, object] = field(default_factory=dict)


Listener = Callable[[Event], None]
"""Called from the job's thread and from the fetch's thread alike."""


def unfailing(listener: Listener) -> Listener:
    """The same listener, whose own errors end with it: they are about what is shown, and must not
    decide what is loaded or published."""

    def tell(event: Event) -> None:
        with suppress(Exception):
            listener(event)

    return tell


def fetching(progress: FetchEvent) -> Event:
    """An account has come further; told often, so only live displays show it."""
    return Event(
        FETCHING,
        f"{progress.vendor} {progress.account}: {progress.requests} request(s),"
        f" {progress.documents} document(s)",
        fields=asdict(progress),
    )


def waiting(wait: Wait) -> Event:
    """A request waits before it is sent (again); told with --verbose, and to programs."""
    again = f"; tried {wait.attempt} time(s)" if wait.attempt else ""
    return Event(
        WAITING,
        f"{wait.vendor} {wait.account}: {wait.request}: {wait.reason}{again}. Waiting"
        f" {wait.seconds:.1f} s",
        fields=asdict(wait),
    )


def log_set_aside(log: Path) -> Event:
    """A database's log was no longer beside its database."""
    return Event(
        "log_set_aside",
        f"A log that a killed run left belongs to another database than the one beside it, so it"
        f" was renamed to {log}. What is in it is in no database: it may be deleted, unless you put"
        " that database back.",
        "warning",
        {"path": str(log)},
    )


def account(outcome: AccountOutcome) -> Event:
    """An account is done, well or badly."""
    name = f"{outcome.vendor} {outcome.account}"
    if outcome.outcome == "ok":
        return Event(
            "account_loaded",
            f"{name}: {outcome.documents} document(s), {outcome.new_versions} new version(s)",
            fields=asdict(outcome),
        )
    return Event("account_failed", f"{name} failed: {outcome.error}", "error", asdict(outcome))


def audit(finding: AuditFinding) -> Event:
    """An audit found rows that break its rule."""
    return Event(
        AUDIT_FINDING,
        f"Audit {finding.name}: {finding.message} ({finding.count} row(s))",
        finding.severity,
        {"audit": finding.name, "severity": finding.severity, "rows": finding.count},
    )


def details(result: RunResult) -> Iterator[Event]:
    """What a summary shows to people at the end: the first of what was rejected and has changed."""
    for document in result.rejected[:_DETAILS_TOLD]:
        fields = asdict(document)
        message = "{vendor} {account}: {entity} {document_key} can't be read: {reason}"
        yield Event(DOCUMENT_REJECTED, message.format(**fields), "warning", fields)
    for change in result.changes[:_DETAILS_TOLD]:
        fields = asdict(change)
        message = "{vendor} {account}: invoice {invoice}: {kind}".format(**fields)
        yield Event(INVOICE_CHANGED, message, fields=fields)


def acknowledging(listener: Listener, known: Mapping[str, int]) -> Listener:
    """The same listener, for whom warnings of audits with no more rows than these are no news."""

    def tell(event: Event) -> None:
        rows = event.fields.get("rows")
        is_finding = event.name == AUDIT_FINDING and event.level == "warning"
        if (
            is_finding
            and isinstance(rows, int)
            and rows <= known.get(str(event.fields["audit"]), 0)
        ):
            event = replace(event, level="info", message=f"{event.message}, acknowledged")
        listener(event)

    return tell
