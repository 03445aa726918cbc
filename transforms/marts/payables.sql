-- One row per invoice that is or may be unpaid, in whole currency units: what is open, past due or failed and not settled,
-- and, with is_known false, what the vendor doesn't say of. Nothing that still accrues is in it, nor what is paid in credits.
-- kept: whole
SELECT
    invoice.vendor, -- as in fct_invoices
    invoice.account, -- as in fct_invoices
    invoice.invoice_number, -- the vendor's own id or number; null where it gives none
    invoice.invoice_id, -- the invoice in fct_invoices
    invoice.billing_period_first_day, -- first day of the period (UTC); null where unknown
    invoice.billing_period_last_day, -- last day of the period (UTC), inclusive; null where unknown
    invoice.payment_status, -- open, past_due, failed or unknown
    invoice.currency, -- ISO 4217
    invoice.total_cents * currency.minor_unit AS total, -- what is billed, in dollars, pounds, …
    invoice.balance_due_cents * currency.minor_unit AS to_pay, -- what of it is still to be paid; null where it isn't known
    CAST(invoice.due_at AS DATE) AS due_on, -- the day on which it is due (UTC); null where the vendor names none
    CASE
        WHEN invoice.due_at < run.started_at
            THEN CAST(date_diff('day', CAST(invoice.due_at AS DATE), CAST(run.started_at AS DATE)) AS INTEGER)
        WHEN invoice.due_at IS NOT NULL THEN 0
    END AS days_overdue, -- days since then, when this was built; null where no day is named
    invoice.payment_status <> 'unknown' AS is_known, -- whether the vendor says that it is unpaid
    invoice.invoice_url, -- a page for people, else a PDF; vendors' links expire
    invoice.reporting_currency, -- as in fct_invoices; null without one
    invoice.reporting_total_cents * reporting.minor_unit AS reporting_total, -- the total in it; null without a rate
    invoice.reporting_balance_due_cents * reporting.minor_unit AS reporting_to_pay, -- what is still to be paid in it
    invoice.exchange_rate, -- as in fct_invoices
    invoice.exchange_rate_date, -- as in fct_invoices
    invoice.exchange_rate_basis -- as in fct_invoices
FROM marts.fct_invoices AS invoice
INNER JOIN marts.dim_currencies AS currency ON invoice.currency = currency.currency
LEFT JOIN marts.dim_currencies AS reporting ON invoice.reporting_currency = reporting.currency
CROSS JOIN staging.run
WHERE
    currency.is_money
    AND (
        (invoice.payment_status IN ('open', 'past_due', 'failed') AND invoice.balance_due_cents <> 0)
        OR (invoice.payment_status = 'unknown' AND invoice.total_cents <> 0)
    )
