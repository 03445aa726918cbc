-- One row per account: its last $months months up to the report's newest, oldest first, each with its name and whether it is
-- closed, open, a gap, or none where nothing is expected.
WITH newest AS (
    SELECT max(month) AS month FROM report_months
),

shown AS (
    SELECT CAST(unnest(generate_series(month - to_months($months - 1), month, INTERVAL 1 MONTH)) AS DATE) AS month
    FROM newest
    WHERE month IS NOT NULL
),

accounts AS (
    SELECT DISTINCT vendor, account FROM dim_billing_periods
)

SELECT
    accounts.vendor,
    accounts.account,
    list(strftime(shown.month, '%b %Y') ORDER BY shown.month) AS months,
    list(
        CASE
            WHEN period.is_gap THEN 'gap'
            WHEN coalesce(period.invoices, 0) = 0 THEN 'none'
            WHEN period.is_closed THEN 'closed'
            ELSE 'open'
        END
        ORDER BY shown.month
    ) AS states
FROM accounts
CROSS JOIN shown
LEFT JOIN dim_billing_periods AS period
    ON accounts.vendor = period.vendor AND accounts.account = period.account AND shown.month = period.month
GROUP BY accounts.vendor, accounts.account
ORDER BY accounts.vendor, accounts.account
