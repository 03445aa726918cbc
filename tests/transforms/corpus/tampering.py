"""What breaks each audit's rule: changes of one row of what the corpus gives, arm by arm.

An audit without a change here fails its test. Each change breaks one condition of the audit alone,
so that a condition which finds nothing is noticed as well.
"""

from __future__ import annotations

INVOICES, LINES = "marts.fct_invoices", "marts.fct_invoice_lines"
SPEND, PAYMENTS = "marts.fct_monthly_spend", "marts.fct_payments"
HISTORY, CHANGES = "marts.fct_payment_status_history", "marts.invoice_changes"
PAYABLES, SPENDING = "marts.payables", "marts.spend"
PERIODS, CURRENCIES = "marts.dim_billing_periods", "marts.dim_currencies"
REJECTED = "marts.rejected_documents"
CLOSES, DIFFERENCES = "marts.month_closes", "marts.close_differences"
ACCRUALS = "marts.accruals"
ALLOCATED, BUDGETS = "marts.fct_allocated_spend", "marts.team_budgets"

T_1 = "invoice_number = 'T-1'"
OPEN = "invoice_number = 'T-3'"
T_9 = "invoice_number = 'T-9'"
DELISTED = "invoice_number = 'T-7'"


def first(table: str, where: str) -> str:
    """The first of these rows by all of its values: always the same one."""
    return f"(SELECT rowid FROM {table} AS one WHERE {where} ORDER BY CAST(one AS VARCHAR) LIMIT 1)"


def again(table: str, where: str = "TRUE") -> str:
    return f"INSERT INTO {table} SELECT * FROM {table} WHERE rowid = {first(table, where)}"


def one(table: str, change: str, where: str = "TRUE") -> str:
    return f"UPDATE {table} SET {change} WHERE rowid = {first(table, where)}"


def without(table: str, where: str = "TRUE") -> str:
    return f"DELETE FROM {table} WHERE rowid = {first(table, where)}"


def of(invoice: str) -> str:
    """The rows that belong to this invoice."""
    return f"invoice_id = (SELECT invoice_id FROM {INVOICES} WHERE {invoice})"


BILLED = '{"cloudflare_billed": true}'
PLANETSCALE_LINE = "vendor = 'planetscale' AND record_type = 'line' AND amount_cents > 100"
ENDED = f"{of(T_9)} AND valid_to IS NOT NULL"
STATED = "intermediate.stated_parts"
LINE = f"{of(T_1)} AND category = 'usage'"

OF_NOTHING = "currency = 'USD' AND amount_cents = 0"
OF_DOLLARS = "currency = 'USD' AND amount_cents > 0"
RATED = "exchange_rate_basis = 'period_end' AND payment_status <> 'void' AND total_cents <> 0"
REPORTED = "marts.fct_reporting_spend"

TAMPERING: dict[str, list[str]] = {
    "accepted_exchange_rates": [
        *(
            one(INVOICES, change, RATED)
            for change in (
                "exchange_rate = 0",
                "exchange_rate = NULL",
                "exchange_rate_basis = NULL",
                "exchange_rate_basis = '?'",
                "exchange_rate_date = NULL",
                "exchange_rate_basis = 'fixed'",
                "exchange_rate_basis = 'same_currency', exchange_rate_date = NULL",
                "exchange_rate = NULL, exchange_rate_basis = NULL, exchange_rate_date = NULL",
            )
        ),
        one(
            INVOICES,
            "reporting_balance_due_cents = 0",
            f"{RATED} AND balance_due_cents = total_cents AND total_cents > 0",
        ),
        *(
            one(INVOICES, change, "exchange_rate_basis = 'same_currency' AND total_cents > 0")
            for change in (
                "exchange_rate = 2",
                "exchange_rate_basis = 'override'",
                "reporting_total_cents = 0, balance_due_cents = NULL",
            )
        ),
    ],
    "reporting_amounts_add_up": [
        again(REPORTED),
        without(REPORTED, "reporting_amount_cents > 0"),
        one(REPORTED, "reporting_amount_cents = reporting_amount_cents + 1"),
        one(REPORTED, "reporting_amount_cents = NULL", "reporting_amount_cents > 0"),
        one(REPORTED, "line_id = '?'"),
        one(REPORTED, "month = '1999-01-01'"),
        one(REPORTED, "reporting_currency = 'AAA'"),
        one(REPORTED, "reporting_currency = 'ZZZ'"),
        one(INVOICES, "reporting_total_cents = NULL", RATED),
    ],
    "missing_exchange_rates": [
        one(INVOICES, "reporting_total_cents = NULL", RATED),
    ],
    "accepted_line_values": [
        *(
            one(LINES, f"{column} = {value}")
            for column in ("record_type", "category", "currency")
            for value in ("NULL", "'?'")
        ),
        one(LINES, "period_end = period_start", "period_end IS NOT NULL"),
    ],
    "accepted_payment_values": [
        one(PAYMENTS, f"{column} = {value}")
        for column in ("kind", "currency")
        for value in ("NULL", "'?'")
    ],
    "accepted_values": [
        *(
            one(INVOICES, f"{column} = {value}")
            for column in ("payment_status", "billing_period_basis", "currency_basis", "currency")
            for value in ("NULL", "'?'")
        ),
        one(INVOICES, "total_cents = NULL"),
    ],
    "complete_billing_periods": [
        again(PERIODS),
        f"DELETE FROM {PERIODS} WHERE vendor = 'turso' AND account = 'acme'",
        one(PERIODS, "vendor = 'nobody'", "account = 'odd'"),
        f"DELETE FROM {PERIODS} WHERE account = 'stopped' AND month = '2026-05-01'",
        f"DELETE FROM {PERIODS} WHERE account = 'stopped' AND month = '2026-06-01'",
        f"DELETE FROM {PERIODS} WHERE account = 'stopped' AND month = '2026-07-01'",
        f"UPDATE {PERIODS} SET month = '2026-05-01' WHERE account = 'stopped'"
        " AND month = '2026-06-01'",
        one(PERIODS, "is_gap = FALSE", "is_gap"),
        one(PERIODS, "is_closed = TRUE", "is_gap"),
        one(PERIODS, "is_closed = TRUE", "NOT is_closed AND month >= '2026-11-01'"),
        one(PERIODS, "invoices = 0"),
        f"INSERT INTO {PERIODS} BY NAME SELECT 'nobody' AS vendor, 'x' AS account,"
        " DATE '2026-01-01' AS month, 1 AS invoices, FALSE AS is_gap",
    ],
    "complete_currencies": [
        again(CURRENCIES, "currency = 'VUV'"),
        again(CURRENCIES, "currency = 'USD'"),
        *(without(CURRENCIES, f"currency = '{currency}'") for currency in ("USD", "BHD")),
        one(LINES, "currency = 'XXX'"),
        one(PAYMENTS, "currency = 'XXX'"),
        one(INVOICES, "currency = 'XXX'"),
        one(CURRENCIES, "minor_units_per_unit = 10"),
        one(CURRENCIES, "minor_units_per_unit = NULL"),
        one(CURRENCIES, "minor_unit = NULL"),
        *(one(CURRENCIES, "minor_units_per_unit = 10000, minor_unit = 0.0001",
              f"currency = '{currency}'") for currency in ("JPY", "EUR", "KWD")),
        *(without(CURRENCIES, f"currency = '{currency}'") for currency in ("KRW", "BRL", "OMR")),
        one(CURRENCIES, "minor_unit = 1", "currency = 'USD'"),
    ],
    "complete_details": [
        *(without(PAYMENTS, f"kind = '{kind}'") for kind in ("payment", "refund")),
        again(PAYMENTS),
        one(PAYMENTS, "kind = 'refund'", "kind = 'payment'"),
        without(LINES, "record_type = 'line'"),
        again(LINES, "record_type = 'line'"),
        one(LINES, "record_type = 'line'", LINE),
        one(STATED, "parts = parts + 1", "kind = 'line' AND rejected_parts = 0"),
        one(STATED, "rejected_parts = 0", "rejected_parts > 0"),
        f"DELETE FROM {LINES} WHERE record_type = 'line'",
    ],
    "complete_documents": [
        without(INVOICES, T_1),
        without(REJECTED, "document_key = 'R-1'"),
        f"INSERT INTO {REJECTED} BY NAME SELECT vendor, account, 'invoices' AS entity, listing,"
        " document_key FROM intermediate.invoices WHERE invoice_number = 'T-1'",
        one(REJECTED, "entity = 'invoice_details'", "document_key = 'R-1'"),
        one(REJECTED, "vendor = 'x'", "document_key = 'R-1'"),
        one(REJECTED, "account = 'x'", "document_key = 'R-1'"),
        one(REJECTED, "listing = 'x'", "document_key = 'R-1'"),
        one("intermediate.invoices", "vendor = 'x'", T_1),
        one("intermediate.invoices", "account = 'x'", T_1),
        one("intermediate.invoices", "identity = 'x'", T_1),
    ],
    "complete_rejections": [
        without(REJECTED, "entity = 'line_items'"),
        without(REJECTED, "entity = 'invoice_details'"),
        again(REJECTED, "entity = 'invoices'"),
        again(REJECTED, "entity = 'line_items'"),
        one(REJECTED, "reason = NULL", "entity = 'invoices'"),
        *(one(REJECTED, f"{column} = 'x'", "entity = 'invoice_details'")
          for column in ("vendor", "account", "listing", "document_key")),
        one(REJECTED, "entity = 'line_items'", "entity = 'invoices'"),
        without("intermediate.rejected_details"),
    ],
    "contradicting_details": [
        f"INSERT INTO intermediate.detail_totals SELECT invoice_id, 1 FROM {INVOICES} WHERE {T_1}",
    ],
    "currencies_of_lines": [
        one(LINES, "currency = 'EUR'", LINE),
        one(LINES, "currency = 'EUR'", f"record_type = 'header' AND {OF_NOTHING}"),
        one(LINES, "currency = 'EUR'", f"record_type = 'line' AND {OF_DOLLARS}"),
        one(LINES, "amount_cents = amount_cents + 1", LINE),
        one(LINES, "amount_cents = NULL", LINE),
    ],
    "delisted_invoices": [one(INVOICES, "delisted_at = updated_at", T_1)],
    "history_intervals": [
        again(HISTORY),
        one(HISTORY, "valid_from = NULL"),
        one(HISTORY, "valid_from = valid_from + INTERVAL 1 HOUR"),
        one(HISTORY, "valid_from = valid_to", "valid_to IS NOT NULL"),
        one(HISTORY, "valid_from = valid_to + INTERVAL 1 SECOND", of(DELISTED)),
        one(HISTORY, "valid_to = valid_to + INTERVAL 1 SECOND", ENDED),
        one(HISTORY, "valid_to = NULL", ENDED),
        f"UPDATE {HISTORY} SET payment_status = 'paid', total_cents = 1"
        f" WHERE {of(T_9)}",
    ],
    "history_is_current": [
        f"DELETE FROM {HISTORY} WHERE {of(T_1)}",
        f"DELETE FROM {INVOICES} WHERE {T_1}",
        one(HISTORY, "valid_to = '2026-10-31'", of(T_1)),
        one(HISTORY, "valid_to = NULL", of(DELISTED)),
        one(HISTORY, "valid_to = valid_to - INTERVAL 1 SECOND", of(DELISTED)),
        one(HISTORY, "total_cents = total_cents + 1", of(T_1)),
        one(HISTORY, "payment_status = 'void'", of(T_1)),
        one(HISTORY, "payment_status = 'upcoming'", of(OPEN)),
        one(
            HISTORY,
            "payment_status = 'open'",
            of("invoice_number = 'p-08'") + " AND valid_to IS NULL",
        ),
        one(INVOICES, "payment_status = 'past_due'", OPEN),
        one(INVOICES, "payment_status = 'upcoming'", "invoice_number = 'n-10'"),
        again(HISTORY, of(T_1)),
    ],
    "issued_invoices_stay": [
        without(INVOICES, DELISTED),
        without(INVOICES, T_1),
        without("intermediate.invoices", DELISTED),
        *(one("intermediate.issued_invoices", f"{column} = 'x'")
          for column in ("vendor", "account", "identity")),
        "INSERT INTO intermediate.issued_invoices SELECT invoice_id, vendor, account, identity"
        " FROM intermediate.invoices WHERE document_key = 'R-8';"
        " DELETE FROM marts.rejected_documents WHERE document_key = 'R-8'",
    ],
    "lines_add_up": [
        one(LINES, "amount_cents = amount_cents + 1", LINE),
        without(LINES, LINE),
        one(INVOICES, "total_cents = 1", T_1),
        without(INVOICES, T_1),
        one(LINES, "amount_cents = NULL", LINE),
    ],
    "mongodb_sums": [
        one(INVOICES, "subtotal_cents = 1, credit_cents = 0", "invoice_number = 'm-1'"),
        one(INVOICES, "subtotal_cents = 1, credit_cents = NULL", "invoice_number = 'm-1'"),
        one(INVOICES, "subtotal_cents = 1", "vendor = 'mongodb' AND invoice_number = 'w-1'"),
        one(INVOICES, "subtotal_cents = total_cents, tax_cents = 1",
            "vendor = 'mongodb' AND invoice_number = 'w-1'"),
        one(INVOICES, "subtotal_cents = total_cents, starting_balance_cents = 1",
            "vendor = 'mongodb' AND invoice_number = 'w-1'"),
    ],
    "months_add_up": [
        one(SPEND, "amount_cents = amount_cents + 1", "amount_cents > 0"),
        one(SPEND, "amount_cents = NULL", "amount_cents > 0"),
        without(SPEND, "amount_cents > 0"),
        one(SPEND, "line_id = 'x'", "amount_cents IS NULL"),
        f"DELETE FROM {LINES} WHERE amount_cents IS NULL",
    ],
    "months_of_lines": [
        *(one(SPEND, f"{column} = 'x'")
          for column in ("line_id", "invoice_id", "vendor", "account", "category", "currency")),
        one(SPEND, "currency = NULL"),
        one(SPEND, "month = NULL", "month IS NOT NULL"),
        one(SPEND, "month = '2026-06-01'", "month IS NULL"),
        one(SPEND, "month = month + 1", "month IS NOT NULL"),
        one(SPEND, "month = '2026-07-01'", "invoice_id = (SELECT invoice_id FROM marts.fct_invoices"
            " WHERE invoice_number = 's-06')"),
        one(SPEND, "month = '2026-05-01'", "invoice_id = (SELECT invoice_id FROM marts.fct_invoices"
            " WHERE invoice_number = 's-06')"),
    ],
    "open_until_due": [
        one(INVOICES, "payment_status = 'open'", "invoice_number = 'T-4'"),
        one(INVOICES, "due_at = due_at - INTERVAL 1 SECOND", "invoice_number = 'T-5'"),
    ],
    "paid_when_paid": [
        one(INVOICES, f"paid_at = updated_at, payment_status = '{status}'")
        for status in ("upcoming", "open", "past_due", "failed", "unknown")
    ],
    "parts_of_invoices": [
        *(one(table, f"{column} = 'x'")
          for table in (LINES, PAYMENTS) for column in ("invoice_id", "vendor", "account")),
        without(INVOICES, T_1),
    ],
    "payables_complete": [
        without(PAYABLES),
        again(PAYABLES),
        one(PAYABLES, "invoice_id = 'x'"),
        one(PAYABLES, "is_known = NOT is_known"),
        one(PAYABLES, "total = total + 0.01"),
        one(PAYABLES, "to_pay = to_pay - 0.01", "to_pay IS NOT NULL"),
        one(PAYABLES, "to_pay = 0.01", "to_pay IS NULL"),
        one(INVOICES, "balance_due_cents = 1", T_1),
        one(INVOICES, "payment_status = 'unknown'", T_1),
        one(CURRENCIES, "is_money = FALSE", "currency = 'USD'"),
    ],
    "periods_in_order": [
        *(one(INVOICES, change, T_1) for change in (
            "billing_period_first_day = NULL",
            "billing_period_first_day = billing_period_first_day + 1",
            "billing_period_last_day = NULL",
            "billing_period_last_day = billing_period_last_day + 1",
            "billing_period_last_day = billing_period_last_day - 1")),
        one(INVOICES, "billing_period_end = billing_period_start", T_1),
        one(INVOICES, "billing_period_end = billing_period_start - INTERVAL 1 SECOND", T_1),
    ],
    "refunds_add_up": [
        one(PAYMENTS, "amount_cents = amount_cents + 1", "kind = 'refund' AND amount_cents = 26"),
        one(PAYMENTS, "kind = 'payment'", "kind = 'refund' AND amount_cents = 26"),
        one(PAYMENTS, "kind = 'refund'", "kind = 'payment' AND amount_cents = 910"),
        one(INVOICES, "refunded_cents = 1", T_1),
        one(INVOICES, "refunded_cents = NULL", "refunded_cents > 0"),
    ],
    "settled_balances": [
        *(one(INVOICES, f"payment_status = '{status}', balance_due_cents = 1", OPEN)
          for status in ("paid", "no_charge", "written_off", "void", "upcoming", "unknown")),
        *(one(INVOICES, f"payment_status = '{status}', balance_due_cents = NULL", OPEN)
          for status in ("paid", "no_charge", "written_off", "void", "open", "past_due", "failed")),
        *(one(INVOICES, f"payment_status = '{status}', paid_cents = 1", OPEN)
          for status in ("open", "past_due", "failed")),
    ],
    "spend_adds_up": [
        without(SPENDING),
        again(SPENDING),
        one(SPENDING, "amount = amount + 0.01", "amount IS NOT NULL"),
        one(SPENDING, "currency = 'EUR'", "currency = 'USD'"),
        one(SPENDING, "is_estimate = FALSE", "is_estimate"),
        one(INVOICES, "payment_status = 'void'", T_1),
        one(CURRENCIES, "minor_units_per_unit = 1000", "currency = 'USD'"),
    ],
    "totals_as_stated": [
        one(INVOICES, "total_cents = total_cents + 1", T_1),
        one(INVOICES, "total_cents = total_cents - 1", T_1),
        one(INVOICES, "invoice_id = 'x'", T_1),
        one("intermediate.invoices", "stated_total = '12.9552'", "document_key = 'T-2'"),
        one("intermediate.invoices", "stated_total = '\"10.3052\"'", "document_key = 'T-2'"),
        one("intermediate.invoices", "stated_total = '\"10.2948\"'", "document_key = 'T-2'"),
        one("intermediate.invoices", "is_major_unit = FALSE", "document_key = 'T-2'"),
        one("intermediate.invoices", "minor_units_per_unit = 1000", "document_key = 'T-2'"),
        one("intermediate.invoices", "rejection_reason = ''", "document_key = 'T-2'"),
    ],
    "unexplained_amounts": [
        one(LINES, "category = 'unexplained'", LINE),
        one(LINES, "amount_cents = -3", "category = 'unexplained' AND amount_cents = -2"),
        one(LINES, "amount_cents = 3", "category = 'unexplained' AND amount_cents = -2"),
    ],
    "unique_changes": [
        again(CHANGES),
        one(CHANGES, "before = after", "after IS NOT NULL AND before IS NOT NULL"),
        one(CHANGES, "kind = NULL"),
        one(CHANGES, "kind = 'x'"),
    ],
    "unique_invoice_ids": [again(INVOICES)],
    "unique_line_ids": [again(LINES)],
    "unique_months": [again(SPEND), again(SPEND, "month IS NULL")],
    "unique_payment_ids": [again(PAYMENTS)],
    "possibly_same_invoice": [
        "UPDATE intermediate.possible_successions SET is_succession = FALSE, next_invoice_id ="
        f" (SELECT invoice_id FROM {INVOICES} WHERE invoice_number = 'mv-2')"
        " WHERE account = 'moved'",
        f"UPDATE {INVOICES} SET invoice_number = 'n-1' WHERE invoice_number = 'mv-2'",
        f"UPDATE {INVOICES} SET total_cents = 7480 WHERE account = 'second free'",
    ],
    "months_by_days": [
        f"UPDATE {SPEND} SET amount_cents = amount_cents + 2 WHERE invoice_id ="
        f" (SELECT min(invoice_id) FROM {SPEND} WHERE month = '2026-05-01' AND vendor <> 'focus')",
        one(SPEND, "amount_cents = amount_cents - 2", "line_id = (SELECT min(line_id) FROM ("
            f"SELECT line_id FROM {SPEND} GROUP BY line_id HAVING count(amount_cents) > 1))"),
    ],
    "accruals_add_up": [
        again(ACCRUALS, "basis = 'mean'"),
        one(ACCRUALS, "amount = amount + 1", "basis = 'upcoming'"),
        one(ACCRUALS, "amount = NULL", "basis = 'mean'"),
        one(ACCRUALS, "amount = 0", "basis = 'mean'"),
        one(ACCRUALS, "basis = 'mean'", "basis = 'upcoming'"),
        one(ACCRUALS, "basis = 'mean', months_averaged = 3", "basis = 'upcoming' AND amount > 0"),
        one(ACCRUALS, "basis = 'upcoming', months_averaged = NULL", "basis = 'mean'"),
        *(one(ACCRUALS, f"months_averaged = {months}", "basis = 'mean'") for months in (0, 4)),
        one(ACCRUALS, "months_averaged = NULL", "basis = 'mean'"),
        one(ACCRUALS, "months_averaged = 3", "basis = 'upcoming'"),
        one(ACCRUALS, "month = '2026-12-01'", "basis = 'mean'"),
        without(ACCRUALS, "basis = 'upcoming'"),
        *(
            one(ACCRUALS, f"{column} = '?'", "basis = 'upcoming'")
            for column in ("vendor", "account", "currency")
        ),
    ],
    "allocation_adds_up": [
        again(ALLOCATED, "amount = 0"),
        again(ALLOCATED, "amount <> 0"),
        without(ALLOCATED, "amount <> 0"),
        one(ALLOCATED, "amount = amount + 0.01"),
        one(ALLOCATED, "month = '2020-01-01'", "month IS NULL"),
        *(
            one(ALLOCATED, f"{column} = '?'")
            for column in ("vendor", "account", "category", "currency", "invoice_id", "line_id")
        ),
        one(ALLOCATED, "is_estimate = NOT is_estimate"),
        one(ALLOCATED, "vendor = '?'", f"line_id IN (SELECT line_id FROM {ALLOCATED}"
            " GROUP BY line_id, month HAVING count(*) > 1)"),
        one(ALLOCATED, "vendor = 'a'", f"line_id IN (SELECT line_id FROM {ALLOCATED}"
            " GROUP BY line_id, month HAVING count(*) > 1)"),
    ],
    "budgets_add_up": [
        again(BUDGETS, "spent = 0"),
        again(BUDGETS, "spent <> 0"),
        one(BUDGETS, "spent = spent + 1"),
        one(BUDGETS, "remaining = remaining + 1", "spent = 0"),
        one(BUDGETS, "is_estimate = NOT is_estimate"),
    ],
    "closes_once": [again(CLOSES), one(CLOSES, "believed_at = closed_at + INTERVAL 1 SECOND")],
    "close_differences_add_up": [
        again(DIFFERENCES),
        without(DIFFERENCES),
        one(DIFFERENCES, "difference = difference + 1"),
        one(DIFFERENCES, "amount_now = amount_now + 1", "amount_now IS NOT NULL"),
        one(DIFFERENCES, "month = '2020-01-01'"),
        one(DIFFERENCES, "currency = 'XXX'"),
        f"UPDATE {DIFFERENCES} SET line_id = 'one'",
        without(SPENDING, f"month IN (SELECT month FROM {CLOSES}) AND amount <> 0"),
        "DELETE FROM staging.closed_spend WHERE currency = 'GBP'",
    ],
    "cloudflare_billed_lines": [
        one(LINES, f"tags = '{BILLED}', amount_cents = amount_cents + {more}", PLANETSCALE_LINE)
        for more in (0, 100)
    ],
    "unread_times": [
        one("intermediate.invoices", "unread_times = 'due date: soon'", "document_key = 'T-2'")
    ],
}  # fmt: skip
