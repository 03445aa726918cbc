-- error: the refunds of an invoice don't add up to its refunded_cents
WITH sums AS (
    SELECT invoice.invoice_id, sum(payment.amount_cents) AS amount_cents
    FROM marts.fct_payments AS payment
    INNER JOIN marts.fct_invoices AS invoice
        ON payment.invoice_id = invoice.invoice_id AND payment.currency = invoice.currency
    WHERE payment.kind = 'refund'
    GROUP BY invoice.invoice_id
)

SELECT invoice.invoice_id, invoice.vendor, invoice.account, invoice.refunded_cents, sums.amount_cents
FROM marts.fct_invoices AS invoice
LEFT JOIN sums ON invoice.invoice_id = sums.invoice_id
-- What came back in all may be more than an amount can be, and is unknown then.
WHERE coalesce(invoice.refunded_cents, 0) <> coalesce(invoice_amount(sums.amount_cents), 0)
