-- One row per team, month and currency of the budgets file; one without a month is for each month that has none of its own.
-- kept: view
WITH listed AS (
    SELECT unnest(from_json(
        document, '[{"team": "VARCHAR", "month": "DATE", "currency": "VARCHAR", "amount": "DECIMAL(19, 4)"}]'
    )) AS listed
    FROM staging.rule_files
    WHERE name = 'budgets'
)

SELECT
    listed.team,
    listed.month,
    listed.currency,
    listed.amount
FROM listed
