-- The file of an invoice is lost: the vendor's link gives none, or something else. It is told once; what is saved by hand
-- stays lost here.
SELECT
    kept.invoice_id AS alert_key,
    invoice.vendor || ' ' || invoice.account || ' invoice ' || coalesce(invoice.invoice_number, invoice.invoice_id)
    || ': its file can''t be had: ' || kept.problem AS message
FROM marts.fct_invoice_files AS kept
INNER JOIN marts.fct_invoices AS invoice ON kept.invoice_id = invoice.invoice_id
WHERE kept.lost_at IS NOT NULL
