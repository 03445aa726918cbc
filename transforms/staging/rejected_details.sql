-- One row per detail document that can't be read, whole or in one of its lines: its invoice stands without it.
WITH reasons AS (
    SELECT invoice_id, vendor, account, entity, listing, document_key, rejection_reason
    FROM staging.details
    WHERE rejection_reason IS NOT NULL
    UNION ALL
    SELECT invoice_id, vendor, account, entity, listing, document_key, rejection_reason
    FROM staging.line_amounts
    WHERE rejection_reason IS NOT NULL AND entity <> 'invoices'
),

grouped AS (
    SELECT invoice_id, vendor, account, entity, listing, document_key, min(rejection_reason) AS reason
    FROM reasons
    GROUP BY invoice_id, vendor, account, entity, listing, document_key
)

SELECT
    grouped.*,
    document.verbatim AS document,
    document.valid_from
FROM grouped
INNER JOIN staging.detail_documents AS document
    ON grouped.vendor = document.vendor AND grouped.account = document.account
    AND grouped.entity = document.entity AND grouped.listing = document.listing
    AND grouped.document_key = document.document_key
WHERE document.valid_to IS NULL
