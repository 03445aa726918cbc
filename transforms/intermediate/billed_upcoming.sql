-- One row per upcoming invoice without an id that was billed: which issued one it became. Both have the same period; of
-- several, those of the same total belong together, then what is no longer listed as upcoming is what was billed.
-- kept: scratch
WITH accruing AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vendor, account, billing_period_start, billing_period_end, last_total_cents
            ORDER BY disappeared_at NULLS LAST, natural_identity
        ) AS number
    FROM intermediate.document_groups
    WHERE is_known_by_period AND is_upcoming AND billing_period_start IS NOT NULL
),

billed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vendor, account, billing_period_start, billing_period_end, first_total_cents
            ORDER BY appeared_at, natural_identity
        ) AS number
    FROM intermediate.document_groups
    WHERE is_known_by_period AND NOT is_upcoming AND billing_period_start IS NOT NULL
),

of_one_total AS (
    SELECT accruing.vendor, accruing.account, accruing.natural_identity, billed.natural_identity AS billed_identity
    FROM accruing
    INNER JOIN billed
        ON accruing.vendor = billed.vendor AND accruing.account = billed.account
        AND accruing.billing_period_start = billed.billing_period_start
        AND accruing.billing_period_end = billed.billing_period_end
        AND accruing.last_total_cents = billed.first_total_cents AND accruing.number = billed.number
),

other_accruing AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vendor, account, billing_period_start, billing_period_end
            ORDER BY disappeared_at NULLS LAST, natural_identity
        ) AS place
    FROM accruing
    ANTI JOIN of_one_total USING (vendor, account, natural_identity)
),

other_billed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vendor, account, billing_period_start, billing_period_end ORDER BY appeared_at, natural_identity
        ) AS place
    FROM billed
    WHERE NOT EXISTS (
        SELECT 1
        FROM of_one_total AS pair
        WHERE
            pair.vendor = billed.vendor AND pair.account = billed.account
            AND pair.billed_identity = billed.natural_identity
    )
)

SELECT * FROM of_one_total
UNION ALL
SELECT accruing.vendor, accruing.account, accruing.natural_identity, billed.natural_identity AS billed_identity
FROM other_accruing AS accruing
INNER JOIN other_billed AS billed
    ON accruing.vendor = billed.vendor AND accruing.account = billed.account
    AND accruing.billing_period_start = billed.billing_period_start
    AND accruing.billing_period_end = billed.billing_period_end AND accruing.place = billed.place
