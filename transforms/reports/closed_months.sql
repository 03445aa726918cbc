-- One row per currency that has one: its newest closed month, and how many of the accounts that bill in the currency have an
-- invoice in it (others may be late, or over). A month is closed in a currency when no account that bills in it still has it
-- open. The one rule for the status, lists of invoices and the report.
WITH billing AS (
    SELECT DISTINCT currency, vendor, account FROM fct_invoices
),

months AS (
    SELECT
        billing.currency,
        period.month,
        count(*) AS accounts,
        bool_and(period.is_closed) AS is_closed
    FROM billing
    INNER JOIN dim_billing_periods AS period ON billing.vendor = period.vendor AND billing.account = period.account
    GROUP BY billing.currency, period.month
)

SELECT currency, max(month) AS month, arg_max(accounts, month) AS accounts
FROM months
WHERE is_closed
GROUP BY currency
ORDER BY currency
