-- One row per upcoming invoice known by its period that was billed: which issued one it became, with an id or without.
-- Both have the same period; of several, those of the same total belong together, then what is no longer listed as
-- upcoming is what was billed.
-- kept: scratch
WITH known AS (
    SELECT *, account_key(vendor, account, period_identity('', billing_period_start, billing_period_end)) AS slot
    FROM intermediate.document_groups
),

accruing AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY account, slot, last_total_cents ORDER BY disappeared_at NULLS LAST, natural_identity
        ) AS number
    FROM known
    WHERE is_upcoming AND is_known_by_period
),

billed AS (
    SELECT
        *,
        row_number()
            OVER (PARTITION BY account, slot, first_total_cents ORDER BY appeared_at, natural_identity)
            AS number
    FROM known
    WHERE NOT is_upcoming
),

of_one_total AS (
    SELECT accruing.vendor, accruing.account, accruing.natural_identity, billed.natural_identity AS billed_identity
    FROM accruing
    INNER JOIN billed
        ON accruing.slot = billed.slot
        AND accruing.last_total_cents = billed.first_total_cents AND accruing.number = billed.number
),

other_accruing AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY account, slot ORDER BY disappeared_at NULLS LAST, natural_identity) AS place
    FROM accruing
    ANTI JOIN of_one_total USING (vendor, account, natural_identity)
),

taken AS (
    SELECT vendor, account, billed_identity AS natural_identity
    FROM of_one_total
),

other_billed AS (
    SELECT *, row_number() OVER (PARTITION BY account, slot ORDER BY appeared_at, natural_identity) AS place
    FROM billed
    ANTI JOIN taken USING (vendor, account, natural_identity)
)

SELECT * FROM of_one_total
UNION ALL
SELECT accruing.vendor, accruing.account, accruing.natural_identity, billed.natural_identity AS billed_identity
FROM other_accruing AS accruing
INNER JOIN other_billed AS billed ON accruing.slot = billed.slot AND accruing.place = billed.place
