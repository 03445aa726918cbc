-- One row per detail document that can't be read, whole or in one of its lines: its invoice stands without it.
-- kept: by invoice
WITH beyond_all_bounds AS (
    -- Their sum would not fit 64 bits. It takes hundreds of thousands of lines, each of a billion dollars.
    SELECT invoice_id
    FROM intermediate.line_amounts
    WHERE abs(amount_cents) >= 100000000000
    GROUP BY invoice_id
    HAVING abs(sum(amount_cents)) > 8000000000000000000
),

reasons AS (
    SELECT invoice_id, vendor, account, entity, listing, document_key, rejection_reason
    FROM intermediate.details
    WHERE rejection_reason IS NOT NULL
    UNION ALL
    SELECT invoice_id, vendor, account, entity, listing, document_key, rejection_reason
    FROM intermediate.line_amounts
    WHERE rejection_reason IS NOT NULL
    UNION ALL
    SELECT invoice_id, vendor, account, entity, listing, document_key, rejection_reason
    FROM intermediate.payments
    WHERE rejection_reason IS NOT NULL
    UNION ALL
    SELECT
        line.invoice_id,
        line.vendor,
        line.account,
        line.entity,
        line.listing,
        line.document_key,
        'its lines add up to more than an amount can be' AS rejection_reason
    FROM intermediate.line_amounts AS line
    SEMI JOIN beyond_all_bounds ON line.invoice_id = beyond_all_bounds.invoice_id
),

grouped AS (
    SELECT invoice_id, vendor, account, entity, listing, document_key, min(rejection_reason) AS reason
    FROM reasons
    GROUP BY invoice_id, vendor, account, entity, listing, document_key
)

SELECT
    grouped.invoice_id,
    grouped.vendor,
    grouped.account,
    grouped.entity,
    grouped.listing,
    grouped.document_key,
    grouped.reason,
    document.verbatim AS document,
    document.valid_from
FROM grouped
INNER JOIN intermediate.detail_documents AS document
    ON grouped.vendor = document.vendor AND grouped.account = document.account
    AND grouped.entity = document.entity AND grouped.listing = document.listing
    AND grouped.document_key = document.document_key
