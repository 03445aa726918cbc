"""What a run has to say at its end, on stdout."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import typer

from pipelines.cli.output import text_of
from pipelines.cli.tables import print_table
from pipelines.job.result import RunResult

_REJECTED_SHOWN = 20
_CHANGES_SHOWN = 20


def print_summary(
    report: RunResult, known: Mapping[str, int] | None = None, *, verbose: bool = False
) -> None:
    """Accounts, findings of audits with more rows than `known`, rejected documents; with `verbose`
    the models too. Errors were told when they happened, and aren't told again."""
    if report.outcomes:
        _print_accounts(report)
    if verbose and report.transform is not None:
        print_table(
            ["model", "rows", "seconds"],
            [
                [each.name, str(each.rows), f"{each.seconds:.2f}"]
                for each in report.transform.models
            ],
            numbers=frozenset({1, 2}),
        )
    _print_findings(report, known or {})
    _print_rejected(report)
    _print_changes(report)
    typer.echo(report.conclusion)


def _print_accounts(report: RunResult) -> None:
    print_table(
        ["vendor", "account", "outcome", "requests", "documents", "new versions", "seconds"],
        [
            [
                each.vendor,
                each.account,
                each.outcome,
                str(each.requests),
                str(each.documents),
                str(each.new_versions),
                f"{each.seconds:.1f}",
            ]
            for each in report.outcomes
        ],
        numbers=frozenset({3, 4, 5, 6}),
    )


def _print_findings(report: RunResult, known: Mapping[str, int]) -> None:
    for finding in report.transform.findings if report.transform else ():
        if finding.severity == "warning" and finding.count <= known.get(finding.name, 0):
            typer.echo(f"Acknowledged: {finding.name} ({finding.count} row(s))")
            continue
        shown = f", the first {len(finding.rows)}" if finding.count > len(finding.rows) else ""
        print_table(
            finding.columns,
            [[text_of(value) for value in row] for row in finding.rows],
            numbers=frozenset(
                index
                for index, column in enumerate(zip(*finding.rows, strict=True))
                if all(isinstance(value, int | Decimal | None) for value in column)
            ),
            title=f"{finding.severity} {finding.name}: {finding.message}"
            f" ({finding.count} row(s){shown})",
        )


def _print_rejected(report: RunResult) -> None:
    if not report.rejected:
        return
    shown = report.rejected[:_REJECTED_SHOWN]
    print_table(
        ["vendor", "account", "entity", "document", "reason"],
        [
            [each.vendor, each.account, each.entity, each.document_key, each.reason]
            for each in shown
        ],
        title=f"{len(report.rejected)} document(s) can't be read and are in no table but"
        f" rejected_documents{'' if len(shown) == len(report.rejected) else '; the first'}:",
    )
    typer.echo(
        "What the vendor corrects, the next run reads. A document that is right as it is should be"
        " reported with its reason."
    )


def _print_changes(report: RunResult) -> None:
    if not report.changes:
        return
    shown = report.changes[:_CHANGES_SHOWN]
    print_table(
        ["vendor", "account", "invoice", "change", "before", "after"],
        [
            [
                each.vendor,
                each.account,
                each.invoice,
                each.kind,
                each.before or "",
                each.after or "",
            ]
            for each in shown
        ],
        title=f"{len(report.changes)} change(s) of issued invoices since the last run"
        f"{'' if len(shown) == len(report.changes) else '; the first'}"
        " (all are in invoice_changes; amounts are in minor units):",
    )
