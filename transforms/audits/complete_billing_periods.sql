-- error: a month from an account's first invoice to its last is missing from marts.dim_billing_periods, or there twice
WITH spans AS (
    SELECT
        vendor,
        account,
        CAST(date_trunc('month', min(billing_period_start)) AS DATE) AS first_month,
        CAST(
            date_trunc(
                'month',
                max(coalesce(billing_period_end, billing_period_start + INTERVAL '1' SECOND)) - INTERVAL '1' MICROSECOND
            ) AS DATE
        ) AS last_month
    FROM marts.fct_invoices
    WHERE billing_period_start IS NOT NULL
    GROUP BY vendor, account
),

listed AS (
    SELECT
        vendor,
        account,
        min(month) AS first_month,
        max(month) AS last_month,
        count(*) AS months,
        count(DISTINCT month) AS different_months,
        sum(CASE WHEN invoices = 0 AND NOT is_gap THEN 1 ELSE 0 END) AS untold_gaps
    FROM marts.dim_billing_periods
    GROUP BY vendor, account
)

SELECT
    coalesce(spans.vendor, listed.vendor) AS vendor,
    coalesce(spans.account, listed.account) AS account,
    spans.first_month,
    spans.last_month,
    listed.months,
    listed.different_months,
    listed.untold_gaps
FROM spans
FULL JOIN listed ON spans.vendor = listed.vendor AND spans.account = listed.account
WHERE
    spans.first_month IS DISTINCT FROM listed.first_month
    OR spans.last_month IS DISTINCT FROM listed.last_month
    OR listed.months <> listed.different_months
    OR listed.months <> date_diff('month', spans.first_month, spans.last_month) + 1
    OR listed.untold_gaps > 0
