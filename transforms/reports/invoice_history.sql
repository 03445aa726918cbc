-- One row per status that the invoice $invoice_id had, the oldest first.
SELECT
    strftime(valid_from, '%Y-%m-%d %H:%M UTC') AS "from",
    coalesce(strftime(valid_to, '%Y-%m-%d %H:%M UTC'), 'now') AS "to",
    payment_status AS status,
    total_cents
FROM fct_payment_status_history
WHERE invoice_id = $invoice_id
ORDER BY valid_from
