-- One row per version of an invoice that MongoDB listed, under Billhouse's names. All amounts are whole US cents,
-- which only the documentation says.
-- kept: view
WITH source AS (
    -- Read once: each path into a document would read it again.
    SELECT
        *,
        from_json(document, '{
            "id": "VARCHAR", "startDate": "VARCHAR", "endDate": "VARCHAR", "statusName": "VARCHAR", "status": "VARCHAR",
            "amountBilledCents": "JSON", "subtotalCents": "JSON", "salesTaxCents": "JSON", "creditsCents": "JSON",
            "startingBalanceCents": "JSON", "amountPaidCents": "JSON"
        }') AS invoice
    FROM staging.source_mongodb__invoices
),

renamed AS (
    SELECT
        * EXCLUDE (invoice),
        stated(invoice.id) AS invoice_number,
        stated(invoice.startDate) AS period_start,
        stated(invoice.endDate) AS period_end,
        coalesce(stated(invoice.statusName), stated(invoice.status)) AS vendor_status,
        invoice.amountBilledCents AS total,
        invoice.subtotalCents AS subtotal,
        invoice.salesTaxCents AS tax,
        invoice.creditsCents AS credit,
        invoice.startingBalanceCents AS starting_balance,
        invoice.amountPaidCents AS paid
    FROM source
),

numbers AS (
    SELECT *, number_text(paid) AS paid_number, number_text(total) AS total_number
    FROM renamed
)

SELECT
    * EXCLUDE (paid_number, total_number),
    FALSE AS is_listed_upcoming,
    'stated' AS billing_period_basis,
    'USD' AS currency,
    'documented' AS currency_basis,
    FALSE AS is_major_unit,
    CASE upper(vendor_status)
        WHEN 'PENDING' THEN 'upcoming'
        WHEN 'CLOSED' THEN 'open'
        WHEN 'INVOICED' THEN
            CASE WHEN minor_units(paid_number, 1) >= minor_units(total_number, 1) THEN 'paid' ELSE 'open' END
        WHEN 'FAILED' THEN 'failed'
        WHEN 'PAID' THEN 'paid'
        WHEN 'CHARGE_FAILED' THEN 'failed'
        WHEN 'FREE' THEN 'no_charge'
        WHEN 'PREPAID' THEN 'no_charge'
        WHEN 'FORGIVEN' THEN 'written_off'
        ELSE 'unknown'
    END AS payment_status
FROM numbers
