"""What came of a run, for the summary and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.transform import BuildResult
from pipelines.warehouse.load_results import AccountOutcome

DONE = 0
FAILED = 1
PARTLY = 3


@dataclass(frozen=True)
class RejectedDocument:
    """A document that no reading fits; it is in no total until its reason is gone."""

    vendor: str
    account: str
    entity: str
    document_key: str
    reason: str


@dataclass(frozen=True)
class InvoiceChange:
    """A change of an issued invoice that a run found; see `marts.invoice_changes`."""

    vendor: str
    account: str
    invoice: str
    kind: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class RunResult:
    """What came of a run. `problem` says why nothing was published; None if it was."""

    run_id: str
    seconds: float
    outcomes: Sequence[AccountOutcome] = ()
    transform: BuildResult | None = None
    rejected: Sequence[RejectedDocument] = ()
    problem: str | None = None
    changes: Sequence[InvoiceChange] = ()

    @property
    def exit_code(self) -> int:
        """0 done; 1 nothing published; 3 published, but not everything is in it."""
        if self.problem is not None:
            return FAILED
        incomplete = self.rejected or any(each.outcome != "ok" for each in self.outcomes)
        return PARTLY if incomplete else DONE

    @property
    def conclusion(self) -> str:
        """The last sentence of a summary; why nothing was published stands in the log."""
        if self.problem is not None:
            return "Nothing was published; the log says why."
        parts = []
        if self.outcomes:
            new_versions = sum(each.new_versions for each in self.outcomes)
            closed = sum(each.closed_versions for each in self.outcomes)
            if new_versions == closed == 0:
                parts.append("No new versions: nothing changed.")
            else:
                parts.append(f"{new_versions} new version(s), {closed} closed.")
        parts.append(f"Published in {self.seconds:.1f} s.")
        failed = sum(each.outcome != "ok" for each in self.outcomes)
        if failed:
            parts.append(f"{failed} account(s) failed; the next run fetches what is missing.")
        return " ".join(parts)
