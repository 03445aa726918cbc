-- One row per detail of an invoice that can be read: what only the detail states, in minor units, or why it can't be.
-- kept: scratch
WITH numbers AS (
    SELECT
        detail.*,
        invoice.invoice_id,
        unit_factor(detail.is_major_unit, invoice.minor_units_per_unit) AS factor,
        number_text(detail.subtotal) AS subtotal_number,
        number_text(detail.tax) AS tax_number,
        number_text(detail.discount) AS discount_number
    FROM intermediate.detail_readings AS detail
    INNER JOIN intermediate.invoices AS invoice
        ON detail.vendor = invoice.vendor AND detail.account = invoice.account
        AND detail.listing = invoice.document_key AND invoice.rejection_reason IS NULL
),

amounts AS (
    SELECT
        *,
        minor_units(subtotal_number, factor) AS subtotal_cents,
        minor_units(tax_number, factor) AS tax_cents,
        minor_units(discount_number, factor) AS discount_cents
    FROM numbers
),

bounded AS (
    SELECT * REPLACE (
        invoice_amount(subtotal_cents) AS subtotal_cents,
        invoice_amount(tax_cents) AS tax_cents,
        invoice_amount(discount_cents) AS discount_cents
    )
    FROM amounts
)

SELECT
    vendor,
    account,
    entity,
    listing,
    document_key,
    valid_from,
    invoice_id,
    subtotal_cents,
    tax_cents,
    discount_cents,
    coalesce(
        doubt,
        unreadable_amount('subtotal', subtotal, subtotal_number, subtotal_cents),
        unreadable_amount('tax', tax, tax_number, tax_cents),
        unreadable_amount('discount', discount, discount_number, discount_cents)
    ) AS rejection_reason
FROM bounded
