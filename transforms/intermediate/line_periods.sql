-- One row per period of any line: its first calendar month (UTC), and whether it touches another. Calendar arithmetic is
-- slow, and many lines share a period.
-- kept: scratch
SELECT
    period_start,
    period_end,
    CASE WHEN period_end IS NOT NULL THEN CAST(date_trunc('month', period_start) AS DATE) END AS first_month,
    period_start IS NOT NULL AND period_end IS NOT NULL
    AND date_trunc('month', period_start) < date_trunc('month', period_end - INTERVAL '1' SECOND) AS is_spread
FROM marts.fct_invoice_lines
GROUP BY period_start, period_end
