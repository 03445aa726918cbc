-- One row per team and currency of what was spent in $month (null: in all), the largest first, as in fct_allocated_spend:
-- `estimate_cents` of it still accrues.
SELECT
    allocated.team AS name,
    allocated.currency,
    CAST(sum(allocated.amount * currency.minor_units_per_unit) AS HUGEINT) AS amount_cents,
    CAST(
        coalesce(sum(allocated.amount * currency.minor_units_per_unit) FILTER (WHERE allocated.is_estimate), 0)
        AS HUGEINT
    ) AS estimate_cents
FROM fct_allocated_spend AS allocated
INNER JOIN dim_currencies AS currency ON allocated.currency = currency.currency
WHERE $month IS NULL OR allocated.month = CAST(strptime($month, '%Y-%m') AS DATE)
GROUP BY ALL
HAVING sum(allocated.amount) <> 0
ORDER BY allocated.currency, amount_cents DESC, name
