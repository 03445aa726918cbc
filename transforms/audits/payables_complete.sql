-- error: marts.payables lacks an invoice that is or may be unpaid, holds another, or says another amount of it
WITH payable AS (
    SELECT invoice_id, count(*) AS times, sum(total) AS total, sum(to_pay) AS to_pay, bool_and(is_known) AS is_known
    FROM marts.payables
    GROUP BY invoice_id
),

waiting AS (
    SELECT
        invoice.invoice_id,
        invoice.payment_status,
        invoice.total_cents,
        invoice.balance_due_cents,
        currency.minor_units_per_unit AS units
    FROM marts.fct_invoices AS invoice
    LEFT JOIN marts.dim_currencies AS currency ON invoice.currency = currency.currency
    WHERE
        currency.is_money IS DISTINCT FROM FALSE
        AND (invoice.balance_due_cents <> 0 OR (invoice.payment_status = 'unknown' AND invoice.total_cents <> 0))
)

SELECT
    coalesce(payable.invoice_id, waiting.invoice_id) AS invoice_id,
    payable.times,
    waiting.payment_status,
    waiting.balance_due_cents,
    payable.to_pay
FROM waiting
FULL JOIN payable ON waiting.invoice_id = payable.invoice_id
WHERE
    payable.times IS DISTINCT FROM 1
    OR waiting.invoice_id IS NULL
    OR payable.is_known IS DISTINCT FROM (waiting.payment_status <> 'unknown')
    OR payable.total * waiting.units IS DISTINCT FROM waiting.total_cents
    OR payable.to_pay * waiting.units IS DISTINCT FROM waiting.balance_due_cents
