-- warning: an invoice's detail states another total than the list of invoices does
SELECT
    invoice.vendor, invoice.account, invoice.invoice_number, invoice.currency, invoice.total_cents,
    detail.detail_cents
FROM marts.fct_invoices AS invoice
INNER JOIN intermediate.detail_totals AS detail ON invoice.invoice_id = detail.invoice_id
-- What still accrues grows between the two requests.
WHERE invoice.payment_status <> 'upcoming'
