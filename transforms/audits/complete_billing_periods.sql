-- error: marts.dim_billing_periods lacks a month of an account, has one twice, or says of one too early that it is closed
WITH invoices AS (
    SELECT
        *,
        payment_status <> 'void' AND billing_period_end IS NOT NULL AND (
            billing_period_basis = 'stated' OR billing_period_end > billing_period_start + INTERVAL '1' DAY
        ) AS bills_time
    FROM marts.fct_invoices
    WHERE billing_period_start IS NOT NULL
),

spans AS (
    SELECT
        vendor,
        account,
        CAST(date_trunc('month', min(billing_period_start)) AS DATE) AS first_month,
        CAST(
            date_trunc(
                'month',
                max(coalesce(billing_period_end, billing_period_start + INTERVAL '1' SECOND)) - INTERVAL '1' MICROSECOND
            ) AS DATE
        ) AS last_month,
        -- One of a single moment, or that is void, bills no stretch of time.
        CAST(min(CASE WHEN bills_time THEN billing_period_start END) AS DATE) AS known_from,
        CAST(max(CASE WHEN bills_time THEN billing_period_end END) AS DATE) AS known_until
    FROM invoices
    GROUP BY vendor, account
),

listed AS (
    SELECT
        billed.vendor,
        billed.account,
        min(billed.month) AS first_month,
        max(billed.month) AS last_month,
        count(*) AS months,
        count(DISTINCT billed.month) AS different_months,
        count_if(
            billed.is_closed
            AND (billed.is_gap OR CAST(billed.month + INTERVAL '1' MONTH AS TIMESTAMPTZ) > run.started_at)
        ) AS closed_too_early,
        -- Between two invoices of which it is known until when they bill.
        sum(
            CASE
                WHEN billed.invoices = 0 AND NOT billed.is_gap
                    AND billed.month >= spans.known_from AND billed.month < spans.known_until THEN 1
                ELSE 0
            END
        ) AS untold_gaps
    FROM marts.dim_billing_periods AS billed
    CROSS JOIN staging.run
    LEFT JOIN spans ON billed.vendor = spans.vendor AND billed.account = spans.account
    GROUP BY billed.vendor, billed.account
)

SELECT
    coalesce(spans.vendor, listed.vendor) AS vendor,
    coalesce(spans.account, listed.account) AS account,
    spans.first_month,
    spans.last_month,
    listed.months,
    listed.different_months,
    listed.untold_gaps,
    listed.closed_too_early
FROM spans
FULL JOIN listed ON spans.vendor = listed.vendor AND spans.account = listed.account
WHERE
    spans.first_month IS DISTINCT FROM listed.first_month
    OR spans.last_month IS DISTINCT FROM listed.last_month
    OR listed.months <> listed.different_months
    OR listed.months <> date_diff('month', spans.first_month, spans.last_month) + 1
    OR listed.untold_gaps > 0
    OR listed.closed_too_early > 0
