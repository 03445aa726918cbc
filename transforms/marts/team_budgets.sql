-- One row per team, month and currency with a budget: what is spent of it, as in fct_allocated_spend. A budget for every month
-- has a row in each month in which anything is allocated, or any budget is of that month alone.
-- kept: whole
WITH spent AS (
    SELECT team, month, currency, sum(amount) AS amount, bool_or(is_estimate) AS is_estimate
    FROM marts.fct_allocated_spend
    GROUP BY team, month, currency
),

months AS (
    SELECT month FROM spent WHERE month IS NOT NULL
    UNION
    SELECT month FROM staging.budgets WHERE month IS NOT NULL
),

budgeted AS (
    SELECT budget.team, months.month, budget.currency, budget.amount
    FROM staging.budgets AS budget
    INNER JOIN months ON budget.month IS NULL OR budget.month = months.month
    QUALIFY row_number() OVER (
        PARTITION BY budget.team, months.month, budget.currency ORDER BY budget.month NULLS LAST
    ) = 1
)

SELECT
    budgeted.team, -- as in fct_allocated_spend
    budgeted.month, -- first day of the calendar month
    budgeted.currency, -- ISO 4217: of what is spent in another one, nothing counts
    budgeted.amount AS budget, -- what the team may spend, in dollars, pounds, …
    coalesce(spent.amount, 0) AS spent, -- what it has spent
    budgeted.amount - coalesce(spent.amount, 0) AS remaining, -- what is left; below zero it has spent more
    coalesce(spent.is_estimate, FALSE) AS is_estimate -- some of it still accrues, so that it may change
FROM budgeted
LEFT JOIN spent
    ON budgeted.team = spent.team AND budgeted.month = spent.month AND budgeted.currency = spent.currency
