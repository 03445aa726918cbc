-- One row per version of an invoice that Turso listed, under Billhouse's names. Turso states no currency but in its
-- documentation (USD) and no period: the due date ends it, one month after it began.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.invoice_number') AS invoice_number,
        formatted_price(document -> '$.amount_due') AS total,
        lower(stated(document ->> '$.status')) AS vendor_status,
        stated(document ->> '$.due_date') AS due,
        stated(document ->> '$.paid_at') AS paid_on,
        stated(document ->> '$.payment_failed_at') AS payment_failed
    FROM staging.source_turso__invoices
),

timed AS (
    SELECT
        *,
        CAST(day_of(moment(due)) AS TIMESTAMP) AS period_end,
        moment(paid_on) AS paid_at,
        moment(payment_failed) AS payment_failed_at,
        NOT is_absent_time(paid_on) AS may_be_paid
    FROM renamed
)

SELECT
    * EXCLUDE (paid_at, payment_failed_at, period_end, may_be_paid),
    listing = 'upcoming' AS is_listed_upcoming,
    strftime(period_end - INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z') AS period_start,
    strftime(period_end, '%Y-%m-%dT00:00:00Z') AS period_end,
    'derived' AS billing_period_basis,
    'USD' AS currency,
    'documented' AS currency_basis,
    TRUE AS is_major_unit,
    coalesce(
        stated(document ->> '$.hosted_invoice_url'),
        stated(document ->> '$.invoice_pdf')
    ) AS invoice_url,
    CASE
        WHEN vendor_status = 'void' THEN 'void'
        WHEN paid_at IS NOT NULL OR vendor_status = 'paid' THEN 'paid'
        WHEN listing = 'upcoming' OR vendor_status = 'draft' THEN 'upcoming'
        WHEN may_be_paid THEN 'unknown'
        WHEN payment_failed_at IS NOT NULL THEN 'failed'
        ELSE 'open'
    END AS payment_status
FROM timed
