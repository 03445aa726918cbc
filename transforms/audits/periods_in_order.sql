-- error: a billing period ends before it starts, or its first and last day aren't those that it touches (UTC)
SELECT
    invoice_id,
    vendor,
    account,
    billing_period_start,
    billing_period_end,
    billing_period_first_day,
    billing_period_last_day
FROM marts.fct_invoices
WHERE
    billing_period_end <= billing_period_start
    OR billing_period_first_day IS DISTINCT FROM CAST(date_trunc('day', billing_period_start) AS DATE)
    OR (billing_period_last_day IS NULL) <> (billing_period_end IS NULL)
    OR CAST(billing_period_last_day AS TIMESTAMPTZ) >= billing_period_end
    OR CAST(billing_period_last_day + INTERVAL '1' DAY AS TIMESTAMPTZ) < billing_period_end
