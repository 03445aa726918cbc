-- One row per payment or refund of an invoice, in minor units. What can't be read as an amount is null.
WITH numbers AS (
    SELECT
        reading.*,
        invoice.invoice_id,
        invoice.currency,
        number_text(reading.amount) AS amount_number,
        moment(reading.created) AS created_at
    FROM staging.stg_all__payment_readings AS reading
    INNER JOIN staging.invoices AS invoice
        ON reading.vendor = invoice.vendor AND reading.account = invoice.account
        AND reading.invoice_key = invoice.document_key AND invoice.rejection_reason IS NULL
),

numbered AS (
    SELECT
        *,
        line_amount(minor_units(amount_number, 1)) AS amount_cents,
        row_number() OVER (
            PARTITION BY invoice_id, kind, natural_key ORDER BY CAST(amount AS VARCHAR), status
        ) AS ordinal
    FROM numbers
)

SELECT
    md5(invoice_id || '/' || kind || '/' || natural_key || '#' || CAST(ordinal AS VARCHAR)) AS payment_id,
    invoice_id,
    vendor,
    account,
    kind,
    status,
    amount_cents,
    currency,
    created_at
FROM numbered
