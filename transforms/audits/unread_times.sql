-- warning: a time that an invoice states can't be read, and is left out
SELECT vendor, account, invoice_number, listing, document_key, unread_times
FROM intermediate.invoices
WHERE unread_times IS NOT NULL AND rejection_reason IS NULL
