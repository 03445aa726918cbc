-- A charge failed, or an invoice is past due. It is told once for each of the two until it is paid.
SELECT
    payable.invoice_id || '/' || payable.payment_status AS alert_key,
    concat_ws(' ', payable.vendor, payable.account, 'invoice', payable.invoice_number)
    || CASE payable.payment_status WHEN 'failed' THEN ': the payment failed, ' ELSE ': past due, ' END
    || payable.currency || ' ' || amount_text(invoice.balance_due_cents, currencies.minor_units_per_unit)
    || ' to pay' || coalesce(', due ' || strftime(payable.due_on, '%Y-%m-%d'), '') AS message
FROM marts.payables AS payable
INNER JOIN marts.fct_invoices AS invoice ON payable.invoice_id = invoice.invoice_id
INNER JOIN intermediate.currencies AS currencies ON payable.currency = currencies.currency
WHERE payable.payment_status IN ('failed', 'past_due') AND payable.to_pay > 0
