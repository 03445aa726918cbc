-- One row per document of FOCUS charges that an invoice is read from: of all its versions the one that counts.
-- kept: view
SELECT
    document.*,
    'charges' AS entity
FROM staging.source_focus__invoices AS document
INNER JOIN intermediate.invoices AS invoice
    ON document.vendor = invoice.vendor AND document.account = invoice.account
    AND document.document_key = invoice.document_key AND document.valid_from = invoice.updated_at
