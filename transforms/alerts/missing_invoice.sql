-- An account's next invoice is missing: since the end of its last issued period more time has passed than between any
-- two of its last 6 such ends, and 7 days on top. At least 3 issued invoices must be there. It is told once, so that
-- an account that was closed is told once as well.
WITH ends AS (
    SELECT DISTINCT vendor, account, billing_period_end AS ended_at
    FROM marts.fct_invoices
    WHERE payment_status <> 'upcoming' AND billing_period_end IS NOT NULL
),

intervals AS (
    SELECT
        vendor,
        account,
        ended_at,
        date_diff('day', lag(ended_at) OVER account_ends, ended_at) AS days,
        row_number() OVER (PARTITION BY vendor, account ORDER BY ended_at DESC) AS recency
    FROM ends
    WINDOW account_ends AS (PARTITION BY vendor, account ORDER BY ended_at)
),

rhythms AS (
    SELECT vendor, account, max(ended_at) AS ended_at, max(days) AS longest_days
    FROM intervals
    WHERE recency <= 6
    GROUP BY vendor, account
    HAVING count(*) >= 3
)

SELECT
    rhythms.vendor || '/' || rhythms.account || '/' || strftime(rhythms.ended_at, '%Y-%m-%d') AS alert_key,
    rhythms.vendor || ' ' || rhythms.account || ': no invoice since the period that ended '
    || strftime(rhythms.ended_at, '%Y-%m-%d') || '; until then one came every '
    || CAST(rhythms.longest_days AS VARCHAR) || ' days or sooner' AS message
FROM rhythms
CROSS JOIN staging.run
WHERE date_diff('day', rhythms.ended_at, run.started_at) > rhythms.longest_days + 7
