-- One row per account that was ever loaded or has invoices: what it holds, when it last came whole, and what its newest run
-- said. `position` of `results` counts the runs in their order, since a clock may have jumped between two of them; a copy of an
-- older Billhouse has no numbers of runs yet.
WITH results AS (
    SELECT *, row_number() OVER (ORDER BY run_number NULLS FIRST, started_at, run_id) AS position
    FROM load_results
),

newest AS (
    SELECT
        vendor,
        account,
        arg_max(started_at, position) FILTER (WHERE outcome = 'ok') AS last_ok_at,
        arg_max(outcome, position) AS last_outcome,
        arg_max(error, position) FILTER (WHERE outcome = 'failed') AS last_error,
        arg_max(started_at, position) FILTER (WHERE outcome = 'failed') AS last_failed_at,
        max(position) FILTER (WHERE outcome = 'failed') AS failed_position
    FROM results
    GROUP BY vendor, account
),

invoices AS (
    SELECT
        vendor,
        account,
        count(*) AS invoices,
        max(billing_period_start) AS newest_start,
        max(billing_period_end) AS newest_end
    FROM fct_invoices
    GROUP BY vendor, account
)

SELECT
    vendor,
    account,
    coalesce(invoices, 0) AS invoices,
    coalesce(strftime(newest_start, '%Y-%m-%d'), '–') AS newest_period,
    strftime(newest_end - INTERVAL '0.000001' SECOND, '%Y-%m-%d') AS newest_day,
    last_ok_at,
    coalesce(strftime(last_ok_at, '%Y-%m-%d %H:%M'), 'never') AS last_ok,
    CASE WHEN last_ok_at IS NOT NULL THEN greatest(date_diff('hour', last_ok_at, $now), 0) END AS hours_old,
    coalesce(last_ok_at > $now, FALSE) AS is_ahead,
    coalesce(last_outcome, 'no longer configured') AS last_outcome,
    last_error,
    strftime(last_failed_at, '%Y-%m-%d %H:%M') AS last_failed,
    failed_position
FROM newest
FULL JOIN invoices USING (vendor, account)
ORDER BY vendor, account
