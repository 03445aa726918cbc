-- One row per invoice of CockroachDB Cloud, of which a document has one a currency, and the document that it is read from: of
-- all its versions the one that counts. Its key is the invoice's.
-- kept: view
SELECT
    document.* REPLACE (invoice.document_key AS document_key),
    'invoice_items' AS entity,
    invoice.currency,
    list(invoice.currency) OVER (PARTITION BY document.account, document.document_key) AS currencies,
    row_number() OVER (
        PARTITION BY document.account, document.document_key ORDER BY invoice.document_key
    ) = 1 AS is_first
FROM staging.source_cockroachdb__invoices AS document
INNER JOIN intermediate.invoices AS invoice
    ON document.vendor = invoice.vendor AND document.account = invoice.account
    AND document.listing = invoice.listing AND document.document_key = invoice.listed_key
    AND document.valid_from = invoice.updated_at
