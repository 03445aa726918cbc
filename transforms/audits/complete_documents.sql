-- error: a document that a listing holds is missing from marts.fct_invoices and marts.rejected_documents, or in both
WITH documents AS (
    SELECT vendor, account, listing, document_key
    FROM staging.source_all__invoices
    WHERE valid_to IS NULL
),

facts AS (
    SELECT invoice_id FROM marts.fct_invoices
),

rejected AS (
    SELECT vendor, account, listing, document_key FROM marts.rejected_documents WHERE entity = 'invoices'
),

invoices AS (
    SELECT
        invoice.vendor,
        invoice.account,
        invoice.identity,
        bool_or(facts.invoice_id IS NOT NULL) AS is_fact,
        bool_or(rejected.document_key IS NOT NULL) AS is_rejected
    FROM intermediate.invoices AS invoice
    LEFT JOIN facts ON invoice.invoice_id = facts.invoice_id
    LEFT JOIN rejected
        ON invoice.vendor = rejected.vendor AND invoice.account = rejected.account
        AND invoice.listing = rejected.listing AND invoice.document_key = rejected.document_key
    GROUP BY invoice.vendor, invoice.account, invoice.identity
)

SELECT
    documents.vendor,
    documents.account,
    documents.listing,
    documents.document_key,
    coalesce(invoices.is_fact, FALSE) AS is_fact,
    coalesce(invoices.is_rejected, FALSE) AS is_rejected
FROM documents
LEFT JOIN intermediate.listed_documents AS listed
    ON documents.vendor = listed.vendor AND documents.account = listed.account
    AND documents.listing = listed.listing AND documents.document_key = listed.document_key
LEFT JOIN invoices
    ON listed.vendor = invoices.vendor AND listed.account = invoices.account AND listed.identity = invoices.identity
WHERE coalesce(invoices.is_fact, FALSE) = coalesce(invoices.is_rejected, FALSE)
