-- error: marts.team_budgets has a team's month twice, or says otherwise what is spent or left of a budget
WITH budgets AS (
    SELECT
        team,
        month,
        currency,
        count(*) AS times,
        sum(spent) AS spent,
        sum(budget - remaining) AS used,
        bool_or(is_estimate) AS is_estimate
    FROM marts.team_budgets
    GROUP BY team, month, currency
),

allocated AS (
    SELECT team, month, currency, sum(amount) AS spent, bool_or(is_estimate) AS is_estimate
    FROM marts.fct_allocated_spend
    GROUP BY team, month, currency
)

SELECT budgets.*, allocated.spent AS allocated
FROM budgets
LEFT JOIN allocated
    ON budgets.team = allocated.team AND budgets.month = allocated.month AND budgets.currency = allocated.currency
WHERE
    budgets.times > 1
    OR budgets.spent IS DISTINCT FROM coalesce(allocated.spent, 0)
    OR budgets.used IS DISTINCT FROM coalesce(allocated.spent, 0)
    OR budgets.is_estimate IS DISTINCT FROM coalesce(allocated.is_estimate, FALSE)
