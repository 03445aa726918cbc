-- One row per currency that has one: its newest closed month, and how many of the accounts that bill in the currency have an
-- invoice in it (others may be late, or over). A month is closed in a currency when no account that bills in it still has it
-- open. The one rule for the status, lists of invoices and the report. What is converted counts as a currency, `all in EUR`.
WITH billing AS (
    SELECT DISTINCT currency, vendor, account FROM fct_invoices
    UNION ALL
    SELECT DISTINCT 'all in ' || reporting_currency AS currency, vendor, account
    FROM fct_invoices
    WHERE reporting_currency IS NOT NULL
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
