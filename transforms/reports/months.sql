-- One row per currency and month of the report, the last $months up to the newest: `position` counts them from 0. A yearly
-- plan that is billed ahead reaches into months to come, which no report is about: the newest is that of the last load. What
-- is converted counts as a currency of its own, `all in EUR`.
WITH spent AS (
    SELECT currency, month FROM fct_monthly_spend
    UNION ALL
    SELECT 'all in ' || reporting_currency AS currency, month FROM fct_reporting_spend
),

newest AS (
    SELECT
        currency,
        least(max(month), CAST(date_trunc('month', max(report_clock.loaded_at)) AS DATE)) AS month
    FROM spent
    CROSS JOIN report_clock
    WHERE month IS NOT NULL
    GROUP BY currency
),

months AS (
    SELECT
        currency,
        CAST(unnest(generate_series(month - to_months($months - 1), month, INTERVAL 1 MONTH)) AS DATE) AS month
    FROM newest
)

SELECT
    currency,
    month,
    strftime(month, '%b %Y') AS name,
    row_number() OVER (PARTITION BY currency ORDER BY month) - 1 AS position
FROM months
ORDER BY ALL
