-- A charge failed, or an invoice is past due. It is told once for each of the two until it is paid.
SELECT
    invoice.invoice_id || '/' || invoice.payment_status AS alert_key,
    concat_ws(' ', invoice.vendor, invoice.account, 'invoice', invoice.invoice_number)
    || CASE invoice.payment_status WHEN 'failed' THEN ': the payment failed, ' ELSE ': past due, ' END
    || invoice.currency || ' ' || amount_text(invoice.balance_due_cents, currencies.minor_units_per_unit)
    || ' to pay' || coalesce(', due ' || strftime(invoice.due_at, '%Y-%m-%d'), '') AS message
FROM marts.fct_invoices AS invoice
INNER JOIN intermediate.currencies AS currencies ON invoice.currency = currencies.currency
WHERE invoice.payment_status IN ('failed', 'past_due') AND invoice.balance_due_cents > 0
