-- error: marts.accruals has a month of an account twice, one to come, or says another amount than upcoming invoices do
WITH accrued AS (
    SELECT
        vendor,
        account,
        currency,
        month,
        count(*) AS times,
        sum(amount) AS amount,
        bool_or(basis = 'upcoming') AS is_upcoming,
        bool_or(
            amount IS NULL
            OR (basis = 'mean' AND (amount <= 0 OR coalesce(months_averaged, 0) NOT IN (1, 2, 3)))
            OR (basis = 'upcoming' AND months_averaged IS NOT NULL)
        ) AS is_odd
    FROM marts.accruals
    GROUP BY vendor, account, currency, month
),

estimated AS (
    SELECT spend.vendor, spend.account, spend.currency, spend.month, sum(spend.amount) AS amount
    FROM marts.spend AS spend
    CROSS JOIN staging.run
    WHERE spend.is_estimate AND CAST(spend.month AS TIMESTAMPTZ) <= run.started_at AND spend.amount IS NOT NULL
    GROUP BY spend.vendor, spend.account, spend.currency, spend.month
)

SELECT
    coalesce(accrued.vendor, estimated.vendor) AS vendor,
    coalesce(accrued.account, estimated.account) AS account,
    coalesce(accrued.currency, estimated.currency) AS currency,
    coalesce(accrued.month, estimated.month) AS month,
    accrued.times,
    accrued.amount,
    estimated.amount AS estimated
FROM accrued
FULL JOIN estimated
    ON accrued.vendor = estimated.vendor AND accrued.account = estimated.account
    AND accrued.currency = estimated.currency AND accrued.month = estimated.month
CROSS JOIN staging.run
WHERE
    coalesce(accrued.times, 0) > 1
    OR coalesce(accrued.is_odd, FALSE)
    OR CAST(accrued.month AS TIMESTAMPTZ) > run.started_at
    OR coalesce(accrued.is_upcoming, TRUE) IS DISTINCT FROM (estimated.vendor IS NOT NULL)
    OR (estimated.vendor IS NOT NULL AND accrued.amount IS DISTINCT FROM estimated.amount)
