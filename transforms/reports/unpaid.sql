-- One row per invoice in $currency that is known to be unpaid, the most urgent first. A status lasts since the vendor says so,
-- else since a load first saw it; what was already so at the first load may be older, and its date is preceded by "by".
WITH current_status AS (
    SELECT invoice_id, payment_status, min(valid_from) AS seen_at
    FROM fct_payment_status_history
    WHERE valid_to IS NULL
    GROUP BY invoice_id, payment_status
)

SELECT
    payable.vendor,
    payable.account,
    coalesce(payable.invoice_number, left(payable.invoice_id, 12)) AS invoice,
    CASE WHEN starts_with(payable.invoice_url, 'https://') THEN payable.invoice_url END AS link,
    coalesce(strftime(payable.billing_period_first_day, '%Y-%m-%d'), '–') AS period,
    payable.payment_status AS status,
    CASE
        WHEN payable.payment_status = 'past_due' AND payable.due_on IS NOT NULL
            THEN strftime(payable.due_on, '%Y-%m-%d')
        WHEN payable.payment_status = 'failed' AND invoice.payment_failed_at IS NOT NULL
            THEN strftime(invoice.payment_failed_at, '%Y-%m-%d')
        WHEN current_status.seen_at = invoice.first_seen_at THEN strftime(current_status.seen_at, 'by %Y-%m-%d')
        ELSE strftime(current_status.seen_at, '%Y-%m-%d')
    END AS since,
    coalesce(strftime(payable.due_on, '%Y-%m-%d'), '–') AS due,
    invoice.total_cents,
    invoice.balance_due_cents
FROM payables AS payable
INNER JOIN fct_invoices AS invoice ON payable.invoice_id = invoice.invoice_id
LEFT JOIN current_status ON payable.invoice_id = current_status.invoice_id
WHERE payable.is_known AND payable.currency = $currency
ORDER BY list_position(['failed', 'past_due', 'open'], status), invoice.balance_due_cents DESC, payable.invoice_id
