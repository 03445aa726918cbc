-- FOCUS 1.4, Billing Period: one row per issuer and period of an invoice. Closed: over at the last run, and nothing of it
-- upcoming any more.
WITH last_run AS (
    SELECT max(started_at) AS started_at
    FROM load_results
    WHERE run_number = (SELECT max(run_number) FROM load_results)
)

SELECT
    invoice.billing_period_start AS "BillingPeriodStart",
    invoice.billing_period_end AS "BillingPeriodEnd",
    min(invoice.first_seen_at) AS "BillingPeriodCreated",
    max(invoice.updated_at) AS "BillingPeriodLastUpdated",
    CASE
        WHEN bool_or(invoice.payment_status = 'upcoming') THEN 'Open'
        WHEN invoice.billing_period_end > last_run.started_at THEN 'Open'
        ELSE 'Closed'
    END AS "BillingPeriodStatus",
    coalesce(issuers.title, invoice.vendor) AS "InvoiceIssuerName"
FROM fct_invoices AS invoice
CROSS JOIN last_run
LEFT JOIN issuers ON invoice.vendor = issuers.vendor
WHERE
    invoice.billing_period_start IS NOT NULL AND invoice.billing_period_end IS NOT NULL
    AND invoice.currency IN (SELECT currency FROM dim_currencies WHERE is_money)
GROUP BY invoice.vendor, issuers.title, invoice.billing_period_start, invoice.billing_period_end, last_run.started_at
ORDER BY "InvoiceIssuerName", "BillingPeriodStart", "BillingPeriodEnd"
