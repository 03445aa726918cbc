-- One row per currency, month of the report, vendor, account and category: what the report's sums are made of, as in spend
-- without void invoices.
SELECT
    spent.currency,
    report_months.position,
    spent.vendor,
    spent.account,
    spent.category,
    coalesce(sum(spent.amount_cents), 0) AS cents
FROM fct_monthly_spend AS spent
INNER JOIN report_months ON spent.currency = report_months.currency AND spent.month = report_months.month
WHERE spent.payment_status <> 'void'
GROUP BY ALL
ORDER BY ALL
