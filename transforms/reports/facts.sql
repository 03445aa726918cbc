-- One row per currency, month of the report, vendor, account and category: what the report's sums are made of, as in spend
-- without void invoices. What is converted counts as a currency of its own, `all in EUR`.
WITH spent AS (
    SELECT currency, month, vendor, account, category, amount_cents, payment_status FROM fct_monthly_spend
    UNION ALL
    SELECT
        'all in ' || reported.reporting_currency AS currency,
        part.month,
        part.vendor,
        part.account,
        part.category,
        reported.reporting_amount_cents AS amount_cents,
        part.payment_status
    FROM fct_reporting_spend AS reported
    INNER JOIN fct_monthly_spend AS part ON reported.line_id = part.line_id AND reported.month = part.month
)

SELECT
    spent.currency,
    report_months.position,
    spent.vendor,
    spent.account,
    spent.category,
    coalesce(sum(spent.amount_cents), 0) AS cents
FROM spent
INNER JOIN report_months ON spent.currency = report_months.currency AND spent.month = report_months.month
WHERE spent.payment_status <> 'void'
GROUP BY ALL
ORDER BY ALL
