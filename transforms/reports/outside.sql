-- One row: what of $currency is in none of the months of the report, and, of what is in them, what void invoices say.
WITH shown AS (
    SELECT min(month) AS first_month, max(month) AS last_month FROM report_months WHERE currency = $currency
)

SELECT
    coalesce(sum(spent.amount_cents) FILTER (WHERE spent.month < shown.first_month), 0) AS earlier,
    coalesce(sum(spent.amount_cents) FILTER (WHERE spent.month > shown.last_month), 0) AS later,
    coalesce(sum(spent.amount_cents) FILTER (WHERE spent.month IS NULL), 0) AS undated,
    coalesce(sum(spent.amount_cents) FILTER (
        WHERE spent.payment_status = 'void' AND spent.month BETWEEN shown.first_month AND shown.last_month
    ), 0) AS void
FROM fct_monthly_spend AS spent
CROSS JOIN shown
WHERE spent.currency = $currency
