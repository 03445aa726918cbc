-- One row per invoice with the number $asked, this id, or an id that begins so (with 6 letters or more).
SELECT invoice_id, vendor, account, coalesce(invoice_number, '–') AS invoice, currency
FROM fct_invoices
WHERE invoice_number = $asked OR (length($asked) >= 6 AND starts_with(invoice_id, lower($asked)))
ORDER BY ALL
