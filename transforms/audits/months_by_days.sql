-- error: a month's part of a line isn't its share by days, or was rounded up in place of a greater remainder
WITH shares AS (
    SELECT
        line.line_id,
        date_diff('second', line.period_start, line.period_end) AS period_seconds,
        -- What the exact share is more than the part, in cents times seconds: whole numbers, that no double rounds.
        CAST(line.amount_cents AS HUGEINT) * date_diff(
            'second',
            greatest(line.period_start, CAST(spend.month AS TIMESTAMPTZ)),
            least(line.period_end, CAST(spend.month + INTERVAL '1' MONTH AS TIMESTAMPTZ))
        ) * sign(line.amount_cents)
        - CAST(spend.amount_cents AS HUGEINT) * date_diff('second', line.period_start, line.period_end)
        * sign(line.amount_cents) AS difference
    FROM marts.fct_invoice_lines AS line
    INNER JOIN marts.fct_monthly_spend AS spend ON line.line_id = spend.line_id
    WHERE
        line.period_start < CAST(spend.month AS TIMESTAMPTZ)
        OR line.period_end > CAST(spend.month + INTERVAL '1' MONTH AS TIMESTAMPTZ)
)

SELECT
    line_id,
    count(*) AS months,
    max(difference) AS most,
    min(difference) AS least,
    max(period_seconds) AS period_seconds
FROM shares
GROUP BY line_id
-- The largest remainders are rounded up: no two parts are then more than one cent's share apart.
HAVING
    max(abs(difference)) >= max(period_seconds)
    OR max(difference) - min(difference) > max(period_seconds)
