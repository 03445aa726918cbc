-- One row per team of what it cost in the newest closed month of $currency, against the month before it, the largest first;
-- what no rule names stands last. None where no rules are configured.
WITH spent AS (
    SELECT
        allocated.team,
        sum(allocated.amount) FILTER (WHERE allocated.month = closed.month) AS amount,
        sum(allocated.amount) FILTER (WHERE allocated.month < closed.month) AS before
    FROM fct_allocated_spend AS allocated
    INNER JOIN report_closed_months AS closed
        ON allocated.currency = closed.currency
        AND allocated.month BETWEEN closed.month - INTERVAL 1 MONTH AND closed.month
    WHERE allocated.currency = $currency
    GROUP BY allocated.team
)

SELECT
    spent.team,
    CAST(coalesce(spent.amount, 0) * currency.minor_units_per_unit AS HUGEINT) AS cents,
    CAST(coalesce(spent.before, 0) * currency.minor_units_per_unit AS HUGEINT) AS before_cents,
    CAST(
        (coalesce(spent.amount, 0) - coalesce(spent.before, 0)) * currency.minor_units_per_unit AS HUGEINT
    ) AS change_cents
FROM spent
INNER JOIN dim_currencies AS currency ON currency.currency = $currency
ORDER BY spent.team = 'unallocated', cents DESC, spent.team
