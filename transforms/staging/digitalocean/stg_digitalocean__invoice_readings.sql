-- One row per version of an invoice that DigitalOcean listed, under Billhouse's names. Its period is a month; there is no
-- status, and no currency but in the documentation (USD). What accrues becomes the issued invoice of its month, whose id
-- may be another.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        coalesce(stated(document ->> '$.invoice_id'), stated(document ->> '$.invoice_uuid')) AS invoice_number,
        stated(document ->> '$.invoice_period') || '-01' AS period_start,
        document -> '$.amount' AS total,
        listing = 'upcoming' AS is_listed_upcoming
    FROM staging.source_digitalocean__invoices
)

SELECT
    *,
    is_listed_upcoming AS is_known_by_period,
    strftime(CAST(moment(period_start) AS TIMESTAMP) + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS period_end,
    'stated' AS billing_period_basis,
    'USD' AS currency,
    'documented' AS currency_basis,
    TRUE AS is_major_unit,
    CASE
        WHEN is_listed_upcoming THEN 'upcoming'
        WHEN minor_units(number_text(total), 100) = 0 THEN 'no_charge'
        ELSE 'unknown'
    END AS payment_status
FROM renamed
