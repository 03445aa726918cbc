-- One row per {by} and currency of what was spent in $month (null: in all), the largest first, as in spend: `estimate_cents` of
-- it still accrues.
SELECT
    {by} AS name,
    spend.currency,
    CAST(coalesce(sum(spend.amount * currency.minor_units_per_unit), 0) AS HUGEINT) AS amount_cents,
    CAST(
        coalesce(sum(spend.amount * currency.minor_units_per_unit) FILTER (WHERE spend.is_estimate), 0) AS HUGEINT
    ) AS estimate_cents
FROM spend
INNER JOIN dim_currencies AS currency ON spend.currency = currency.currency
WHERE $month IS NULL OR spend.month = CAST(strptime($month, '%Y-%m') AS DATE)
GROUP BY ALL
ORDER BY spend.currency, amount_cents DESC, name
