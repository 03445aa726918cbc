-- One row per month of the report, oldest first: what all vendors together bill in $currency, and whether it is after the
-- newest closed month, so that it may still grow. Only closed months are compared with the month before: in per mille, rounded
-- half away from zero; null after a month of nothing.
WITH totals AS (
    SELECT months.position, months.month, months.name, coalesce(sum(facts.cents), 0) AS cents
    FROM report_months AS months
    LEFT JOIN report_facts AS facts ON months.currency = facts.currency AND months.position = facts.position
    WHERE months.currency = $currency
    GROUP BY months.position, months.month, months.name
),

compared AS (
    SELECT *, lag(cents) OVER (ORDER BY position) AS before FROM totals
)

SELECT
    compared.position,
    compared.name,
    compared.cents,
    CASE WHEN compared.month <= closed.month THEN compared.cents - compared.before END AS change,
    CASE
        WHEN compared.month <= closed.month
            THEN sign(compared.cents - compared.before)
                * (
                    (2000 * abs(compared.cents - compared.before) + abs(compared.before))
                    // nullif(2 * abs(compared.before), 0)
                )
    END AS change_per_mille,
    coalesce(compared.month > closed.month, TRUE) AS is_open
FROM compared
LEFT JOIN (SELECT month FROM report_closed_months WHERE currency = $currency) AS closed ON TRUE
ORDER BY compared.position
