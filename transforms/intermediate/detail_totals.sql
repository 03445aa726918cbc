-- One row per invoice whose detail states another total than its listing did, in minor units.
-- kept: by invoice
WITH numbers AS (
    SELECT
        invoice.invoice_id,
        invoice.total_cents,
        unit_factor(detail.is_major_unit, invoice.minor_units_per_unit) AS factor,
        number_text(detail.total) AS total_number
    FROM staging.stg_all__detail_total_readings AS detail
    INNER JOIN intermediate.invoices AS invoice
        ON detail.vendor = invoice.vendor AND detail.account = invoice.account
        AND detail.listing = invoice.document_key AND invoice.rejection_reason IS NULL
),

amounts AS (
    SELECT invoice_id, total_cents, minor_units(total_number, factor) AS detail_cents
    FROM numbers
)

SELECT invoice_id, detail_cents
FROM amounts
WHERE detail_cents <> total_cents
