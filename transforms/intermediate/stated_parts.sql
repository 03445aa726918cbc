-- One row per invoice whose documents state lines, payments or refunds: how many, and what of it stands in documents
-- that are set aside. It is counted where they are read, so that audits see what gets lost on the way to the marts.
-- kept: by invoice
WITH parts AS (
    SELECT vendor, account, invoice_key, entity, listing, document_key, 'line' AS kind
    FROM intermediate.line_readings
    UNION ALL
    SELECT vendor, account, invoice_key, '' AS entity, '' AS listing, '' AS document_key, kind
    FROM staging.stg_all__payment_readings
),

counted AS (
    SELECT vendor, account, invoice_key, entity, listing, document_key, kind, count(*) AS parts
    FROM parts
    GROUP BY vendor, account, invoice_key, entity, listing, document_key, kind
),

-- A payment is set aside by itself; the others of its document stay.
rejected_payments AS (
    SELECT invoice_id, kind, count(*) AS parts
    FROM intermediate.payments
    WHERE rejection_reason IS NOT NULL
    GROUP BY invoice_id, kind
)

SELECT
    invoice.invoice_id,
    counted.kind,
    CAST(sum(counted.parts) AS BIGINT) AS parts,
    CAST(
        sum(CASE WHEN rejected.document_key IS NULL THEN 0 ELSE counted.parts END)
        + coalesce(max(payments.parts), 0) AS BIGINT
    ) AS rejected_parts
FROM counted
INNER JOIN intermediate.invoices AS invoice
    ON counted.vendor = invoice.vendor AND counted.account = invoice.account
    AND counted.invoice_key = invoice.document_key
LEFT JOIN intermediate.rejected_details AS rejected
    ON counted.vendor = rejected.vendor AND counted.account = rejected.account AND counted.entity = rejected.entity
    AND counted.listing = rejected.listing AND counted.document_key = rejected.document_key
LEFT JOIN rejected_payments AS payments ON invoice.invoice_id = payments.invoice_id AND counted.kind = payments.kind
WHERE invoice.rejection_reason IS NULL
GROUP BY invoice.invoice_id, counted.kind
