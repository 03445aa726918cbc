-- error: an invoice that was issued when it was last listed stands neither in marts.fct_invoices nor among the rejected
WITH there AS (
    SELECT invoice.vendor, invoice.account, invoice.identity
    FROM intermediate.invoices AS invoice
    INNER JOIN marts.fct_invoices AS fact ON invoice.invoice_id = fact.invoice_id
    UNION ALL
    SELECT invoice.vendor, invoice.account, invoice.identity
    FROM intermediate.invoices AS invoice
    INNER JOIN marts.rejected_documents AS rejected
        ON invoice.vendor = rejected.vendor AND invoice.account = rejected.account AND rejected.entity = 'invoices'
        AND invoice.listing = rejected.listing AND invoice.document_key = rejected.document_key
)

SELECT issued.vendor, issued.account, issued.identity, issued.invoice_id
FROM intermediate.issued_invoices AS issued
LEFT JOIN there
    ON issued.vendor = there.vendor AND issued.account = there.account AND issued.identity = there.identity
WHERE there.identity IS NULL
