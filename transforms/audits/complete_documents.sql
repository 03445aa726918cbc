-- error: a document that a listing holds is missing from marts.fct_invoices and marts.rejected_documents, or in both
WITH listed AS (
    SELECT vendor, account, identity, count(*) AS documents
    FROM staging.invoice_readings
    WHERE valid_to IS NULL
    GROUP BY vendor, account, identity
),

chosen AS (
    SELECT invoice.vendor, invoice.account, invoice.identity, invoice.invoice_id, invoice.listing, invoice.document_key
    FROM staging.invoices AS invoice
    WHERE delisted_at IS NULL
),

facts AS (
    SELECT invoice_id FROM marts.fct_invoices
),

rejected AS (
    SELECT vendor, account, listing, document_key FROM marts.rejected_documents WHERE entity = 'invoices'
)

SELECT
    listed.vendor,
    listed.account,
    listed.identity,
    listed.documents,
    facts.invoice_id IS NOT NULL AS is_fact,
    rejected.document_key IS NOT NULL AS is_rejected
FROM listed
LEFT JOIN chosen
    ON listed.vendor = chosen.vendor AND listed.account = chosen.account AND listed.identity = chosen.identity
LEFT JOIN facts ON chosen.invoice_id = facts.invoice_id
LEFT JOIN rejected
    ON chosen.vendor = rejected.vendor AND chosen.account = rejected.account
    AND chosen.listing = rejected.listing AND chosen.document_key = rejected.document_key
WHERE (facts.invoice_id IS NULL) = (rejected.document_key IS NULL)
