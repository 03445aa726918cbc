-- A team has spent more than its budget of a month. It is told once a team, month and currency. Months that ended more than 45
-- days ago are never told, so that a first load is quiet.
SELECT
    budget.team || '/' || strftime(budget.month, '%Y-%m') || '/' || budget.currency AS alert_key,
    budget.team || ' has spent ' || budget.currency || ' '
    || amount_text(budget.spent * currencies.minor_units_per_unit, currencies.minor_units_per_unit)
    || CASE WHEN budget.is_estimate THEN ' so far' ELSE '' END
    || ' in ' || strftime(budget.month, '%Y-%m') || ', more than its budget of '
    || amount_text(budget.budget * currencies.minor_units_per_unit, currencies.minor_units_per_unit) AS message
FROM marts.team_budgets AS budget
INNER JOIN intermediate.currencies AS currencies ON budget.currency = currencies.currency
CROSS JOIN staging.run
WHERE
    budget.remaining < 0
    AND CAST(budget.month + INTERVAL 1 MONTH AS TIMESTAMPTZ) > run.started_at - INTERVAL 45 DAY
