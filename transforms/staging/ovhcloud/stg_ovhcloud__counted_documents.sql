-- One row per OVHcloud document that an invoice is read from: of all its versions the one that counts.
-- kept: view
SELECT
    document.*,
    'details' AS entity
FROM staging.source_ovhcloud__invoices AS document
INNER JOIN intermediate.invoices AS invoice
    ON document.vendor = invoice.vendor AND document.account = invoice.account
    AND document.listing = invoice.listing AND document.document_key = invoice.document_key
    AND document.valid_from = invoice.updated_at
