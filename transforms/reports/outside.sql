-- One row: what of $currency is in none of the months of the report, and what void invoices say, which are in no sum.
WITH shown AS (
    SELECT min(month) AS first_month, max(month) AS last_month FROM report_months WHERE currency = $currency
),

spent AS (
    SELECT month, amount_cents, payment_status = 'void' AS is_void
    FROM fct_monthly_spend
    WHERE currency = $currency
)

SELECT
    coalesce(sum(spent.amount_cents) FILTER (WHERE NOT spent.is_void AND spent.month < shown.first_month), 0)
        AS earlier,
    coalesce(sum(spent.amount_cents) FILTER (WHERE NOT spent.is_void AND spent.month > shown.last_month), 0) AS later,
    coalesce(sum(spent.amount_cents) FILTER (WHERE NOT spent.is_void AND spent.month IS NULL), 0) AS undated,
    coalesce(sum(spent.amount_cents) FILTER (WHERE spent.is_void), 0) AS void
FROM spent
CROSS JOIN shown
