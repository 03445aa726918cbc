-- One row per payment and refund of the invoice $invoice_id, the oldest first.
SELECT
    coalesce(strftime(created_at, '%Y-%m-%d %H:%M UTC'), '') AS "at",
    kind,
    coalesce(status, '') AS status,
    amount_cents,
    currency
FROM fct_payments
WHERE invoice_id = $invoice_id
ORDER BY created_at, payment_id
