-- One row per month of the report, oldest first: what all vendors together bill in $currency, against the month before it in
-- per mille (rounded half away from zero; null after a month of nothing), and whether upcoming invoices are in it, so that it may still grow.
WITH totals AS (
    SELECT months.position, months.month, months.name, coalesce(sum(facts.cents), 0) AS cents
    FROM report_months AS months
    LEFT JOIN report_facts AS facts ON months.currency = facts.currency AND months.position = facts.position
    WHERE months.currency = $currency
    GROUP BY months.position, months.month, months.name
),

compared AS (
    SELECT *, lag(cents) OVER (ORDER BY position) AS before FROM totals
),

accruing AS (
    SELECT DISTINCT month FROM fct_monthly_spend WHERE currency = $currency AND payment_status = 'upcoming'
)

SELECT
    compared.name,
    compared.cents,
    compared.cents - compared.before AS change,
    sign(compared.cents - compared.before)
    * ((2000 * abs(compared.cents - compared.before) + abs(compared.before)) // nullif(2 * abs(compared.before), 0))
        AS change_per_mille,
    accruing.month IS NOT NULL AS is_accruing
FROM compared
LEFT JOIN accruing ON compared.month = accruing.month
ORDER BY compared.position
