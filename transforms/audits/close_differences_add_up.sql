-- error: marts.close_differences of a closed month doesn't add up to what marts.spend is now more than when it was closed
WITH differences AS (
    SELECT
        month,
        currency,
        sum(difference) AS difference,
        sum(coalesce(amount_now, 0) - coalesce(amount_at_close, 0)) AS amounts,
        count(*) AS lines,
        count(DISTINCT line_id) AS different_lines
    FROM marts.close_differences
    GROUP BY month, currency
),

present AS (
    SELECT spend.month, spend.currency, sum(spend.amount) AS amount
    FROM marts.spend AS spend
    INNER JOIN marts.month_closes AS closed ON spend.month = closed.month
    GROUP BY spend.month, spend.currency
),

frozen AS (
    SELECT spent.month, spent.currency, sum(spent.amount_cents) * min(currency.minor_unit) AS amount
    FROM staging.closed_spend AS spent
    INNER JOIN marts.dim_currencies AS currency ON spent.currency = currency.currency
    GROUP BY spent.month, spent.currency
),

expected AS (
    SELECT
        coalesce(present.month, frozen.month) AS month,
        coalesce(present.currency, frozen.currency) AS currency,
        coalesce(present.amount, 0) - coalesce(frozen.amount, 0) AS difference
    FROM present
    FULL JOIN frozen ON present.month = frozen.month AND present.currency = frozen.currency
)

SELECT
    coalesce(expected.month, differences.month) AS month,
    coalesce(expected.currency, differences.currency) AS currency,
    expected.difference AS expected,
    differences.difference,
    differences.lines
FROM expected
FULL JOIN differences ON expected.month = differences.month AND expected.currency = differences.currency
WHERE
    expected.month IS NULL
    OR expected.difference <> coalesce(differences.difference, 0)
    OR differences.difference <> differences.amounts
    OR differences.lines <> differences.different_lines
