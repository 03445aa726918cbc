-- One row per reason why $month is not to be closed yet, and what to do about it. $now is the clock.
WITH asked AS (
    SELECT
        CAST(strptime($month, '%Y-%m') AS DATE) AS month,
        CAST(strptime($month, '%Y-%m') + INTERVAL 1 MONTH AS TIMESTAMPTZ) AS ends_at
),

loads AS (
    SELECT vendor, account, outcome, started_at
    FROM load_results
    QUALIFY row_number() OVER (PARTITION BY vendor, account ORDER BY run_number DESC) = 1
),

loaded AS (
    SELECT arg_max(started_at, run_number) AS at FROM load_results
)

SELECT 1 AS place, 'it isn''t over yet; close it when it is' AS reason
FROM asked
WHERE asked.ends_at > $now
UNION ALL
SELECT
    2 AS place,
    'what is published was loaded ' || coalesce(strftime(loaded.at, '%Y-%m-%d %H:%M'), 'never')
    || ', before its end; fetch what came since with `billhouse run`' AS reason
FROM asked
CROSS JOIN loaded
WHERE loaded.at IS NULL OR asked.ends_at > loaded.at
UNION ALL
SELECT
    3 AS place,
    loads.vendor || ' ' || loads.account || ' failed in its newest load; `billhouse status` says why' AS reason
FROM loads
WHERE loads.outcome = 'failed'
UNION ALL
SELECT
    4 AS place,
    period.vendor || ' ' || period.account || ' has no invoice for ' || CAST(period.uncovered_days AS VARCHAR)
    || ' day(s) of it, though for days before and after; ask the vendor' AS reason
FROM dim_billing_periods AS period
INNER JOIN asked ON period.month = asked.month
WHERE period.is_gap
ORDER BY place, reason
