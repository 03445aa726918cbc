"""SQL that is broken on purpose stops the build: some audit sees each of these.

Each breaks the text of one file. A test fails where that text is no longer there: break what stands
in its place.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.transform import project
from pipelines.transform.model import TRANSFORMS
from tests.transforms.corpus.trial import Trial


class Break(NamedTuple):
    file: str
    text: str
    instead: str


def twice(file: str, relation: str) -> Break:
    return Break(file, f"FROM {relation}", f"FROM (FROM {relation} UNION ALL FROM {relation})")


def half(file: str, text: str, key: str) -> Break:
    return Break(file, text, f"{text} AND substr({key}, 1, 1) < '8'")


PAYMENTS, LINES = "marts/fct_payments.sql", "marts/fct_invoice_lines.sql"
SPEND, CHANGES = "marts/fct_monthly_spend.sql", "marts/invoice_changes.sql"
INVOICES, HISTORY = "marts/fct_invoices.sql", "marts/fct_payment_status_history.sql"
ACCEPTED = "intermediate/accepted_line_readings.sql"
SEGMENTS = "intermediate/status_segments.sql"
PERIODS, REJECTED = "marts/dim_billing_periods.sql", "marts/rejected_documents.sql"
BREAKS = {
    "payments twice": twice(PAYMENTS, "intermediate.payments"),
    "payments of some invoices lost": Break(
        PAYMENTS, "WHERE rejection_reason", "WHERE invoice_id < 'b' AND rejection_reason"
    ),
    "payments without refunds": Break(
        PAYMENTS, "WHERE rejection_reason", "WHERE kind <> 'refund' AND rejection_reason"
    ),
    "payments in no currency": Break(PAYMENTS, "    currency, --", "    '' AS currency, --"),
    "payments of another account": Break(PAYMENTS, "    account, --", "    'x' AS account, --"),
    "refunds counted as payments": Break(PAYMENTS, "    kind, --", "    'payment' AS kind, --"),
    "refunds of a hundredth": Break(
        PAYMENTS, "    amount_cents, --", "    amount_cents // 100 AS amount_cents, --"
    ),
    "dim_currencies twice": twice("marts/dim_currencies.sql", "intermediate.currencies"),
    "dim_currencies without the pound": Break(
        "marts/dim_currencies.sql",
        "FROM intermediate.currencies",
        "FROM intermediate.currencies WHERE currency <> 'GBP'",
    ),
    "history without its current intervals": Break(
        SEGMENTS, "WHERE is_readable", "WHERE is_readable AND valid_to IS NOT NULL"
    ),
    "history that overlaps": Break(
        HISTORY, "min(valid_from) AS valid_from", "min(valid_from) - INTERVAL 400 DAY AS valid_from"
    ),
    "history of another amount": Break(
        SEGMENTS, "total_cents,", "total_cents + 100 AS total_cents,"
    ),
    "history that never ends": Break(
        HISTORY,
        "CASE WHEN count(*) = count(valid_to) THEN max(valid_to) END AS valid_to",
        "CAST(NULL AS TIMESTAMPTZ) AS valid_to",
    ),
    "history of another status": Break(
        SEGMENTS, "payment_status,", "'paid' AS payment_status,"
    ),
    "history of some invoices lost": half(SEGMENTS, "WHERE is_readable", "invoice_id"),
    "history with an interval for each version": Break(HISTORY, "THEN 0\n", "THEN 1\n"),
    "changes twice": Break(CHANGES, "FROM changes", "FROM (FROM changes UNION ALL FROM changes)"),
    "changes that change nothing": Break(CHANGES, "total_before <> total_cents", "TRUE"),
    "changes of another kind": Break(CHANGES, "'voided'", "'annulled'"),
    "spend a month late": Break(
        SPEND, "    month, --", "    CAST(month + INTERVAL 1 MONTH AS DATE) AS month, --"
    ),
    "spend all in USD": Break(SPEND, "    currency, --", "    'USD' AS currency, --"),
    "spend of another account": Break(SPEND, "    account, --", "    'x' AS account, --"),
    "spend of another vendor": Break(SPEND, "    vendor, --", "    'x' AS vendor, --"),
    "spend of another category": Break(SPEND, "    category, --", "    'tax' AS category, --"),
    "spend in no month": Break(SPEND, "    month, --", "    CAST(NULL AS DATE) AS month, --"),
    "spend all in the first month of a period": Break(
        SPEND, "        ranked.month,\n", "        lines.first_month AS month,\n"
    ),
    "spend on a day of a month": Break(
        SPEND, "    month, --", "    CAST(month + INTERVAL 1 DAY AS DATE) AS month, --"
    ),
    "lines all in USD": Break(LINES, "    currency, --", "    'USD' AS currency, --"),
    "lines of another account": Break(LINES, "    account, --", "    'x' AS account, --"),
    "lines of another vendor": Break(LINES, "    vendor, --", "    'x' AS vendor, --"),
    "lines of some details lost": half(
        "intermediate/accepted_line_readings.sql",
        "WHERE rejected.document_key IS NULL",
        "line.invoice_id",
    ),
    "lines of details that were set aside": Break(
        ACCEPTED, "WHERE rejected.document_key IS NULL", "WHERE TRUE"
    ),
    "lines twice": Break(LINES, "\nFROM lines", "\nFROM (FROM lines UNION ALL FROM lines)"),
    "delisted invoices dropped": Break(
        "intermediate/invoices.sql",
        "OR (rejection_reason IS NULL AND is_issued AND payment_status <> 'upcoming')",
        "",
    ),
    "invoices that can't be read any more dropped": Break(
        REJECTED, "WHERE rejection_reason IS NOT NULL", "WHERE rejection_reason = ''"
    ),
    "set-aside details untold": Break(
        REJECTED, "FROM intermediate.rejected_details", "FROM intermediate.rejected_details LIMIT 0"
    ),
    "rejected documents twice": Break(
        REJECTED, "FROM rejected", "FROM (FROM rejected UNION ALL FROM rejected)"
    ),
    "paid_at on unpaid ones": Break(
        INVOICES, "    paid_at, --", "    first_seen_at AS paid_at, --"
    ),
    "an invoice twice": twice(INVOICES, "settled"),
    "delisted ones listed": Break(
        INVOICES, "    delisted_at, --", "    CAST(NULL AS TIMESTAMPTZ) AS delisted_at, --"
    ),
    "another status in the facts": Break(
        INVOICES, "status AS payment_status,", "'open' AS payment_status,"
    ),
    "totals of dollars as cents": Break(
        "macros/amounts.sql", "CASE WHEN is_major_unit THEN minor_units_per_unit ELSE 1 END", "1"
    ),
    "cents as dollars": Break(
        "macros/amounts.sql",
        "CASE WHEN is_major_unit THEN minor_units_per_unit ELSE 1 END",
        "minor_units_per_unit",
    ),
    "totals cut instead of rounded, and another sign": Break(
        "macros/amounts.sql",
        "CAST(round(TRY_CAST(number AS DECIMAL(13, 5)) * factor) AS BIGINT)",
        "-CAST(round(TRY_CAST(number AS DECIMAL(13, 5)) * factor) AS BIGINT)",
    ),
    "months of accounts twice": Break(
        PERIODS, "FROM counted\n", "FROM (FROM counted UNION ALL FROM counted) AS counted\n"
    ),
    "months without invoices lost": Break(
        PERIODS, "    LEFT JOIN periods AS period", "    INNER JOIN periods AS period"
    ),
    "gaps untold": Break(PERIODS, "coalesce(uncovered.days, 0) > 0 AS is_gap", "FALSE AS is_gap"),
    "last day exclusive": Break(
        "marts/fct_invoices.sql",
        "billing_period_end - INTERVAL '0.000001' SECOND AS DATE",
        "billing_period_end AS DATE",
    ),
    "first day +1": Break(
        "marts/fct_invoices.sql",
        "CAST(billing_period_start AS DATE) AS",
        "CAST(billing_period_start + INTERVAL 1 DAY AS DATE) AS",
    ),
    "the yen unknown": Break(
        "intermediate/iso_currencies.sql",
        "GNF ISK JPY KMF",
        "GNF ISK KMF",
    ),
    "the yen with decimals": Break(
        "intermediate/iso_currencies.sql",
        "1 AS factor",
        "100 AS factor",
    ),
    "spend estimate false": Break(
        "marts/spend.sql",
        "spent.payment_status = 'upcoming' AS is_estimate",
        "FALSE AS is_estimate",
    ),
    "remainder to smallest": Break(
        "marts/fct_monthly_spend.sql",
        "ORDER BY remainder DESC, month",
        "ORDER BY remainder, month",
    ),
    "history an hour late": Break(
        "intermediate/status_segments.sql",
        "valid_from, valid_to",
        "valid_from + INTERVAL 1 HOUR AS valid_from, valid_to",
    ),
    "months closed before they are over": Break(
        "marts/dim_billing_periods.sql",
        "AND counted.ends_at <= run.started_at\n    AND uncovered.vendor IS NULL AS is_closed",
        "AS is_closed",
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(TRANSFORMS, tmp_path / "transforms")


@pytest.mark.parametrize("name", BREAKS)
def test_an_audit_stops_it(trial: Trial, folder: Path, name: str) -> None:
    broken = BREAKS[name]
    path = folder / broken.file
    text = path.read_text(encoding="utf-8")
    assert broken.text in text, f"{broken.file} has changed: break what now says it"
    path.write_text(text.replace(broken.text, broken.instead), encoding="utf-8")
    errors = [each for each in project.audits() if each.severity == "error"]
    with trial.undone():
        assert trial.build(folder, [broken.file])
        assert any(trial.audit(errors).values())
