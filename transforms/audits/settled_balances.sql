-- error: an invoice that asks for nothing more has a balance due, or one that is unpaid has none stated
SELECT invoice_id, vendor, account, payment_status, total_cents, paid_cents, balance_due_cents
FROM marts.fct_invoices
WHERE
    (payment_status IN ('paid', 'no_charge', 'written_off', 'void') AND balance_due_cents IS DISTINCT FROM 0)
    OR (
        payment_status IN ('open', 'past_due', 'failed')
        AND balance_due_cents IS DISTINCT FROM total_cents - paid_cents
    )
    OR (payment_status IN ('upcoming', 'unknown') AND balance_due_cents IS NOT NULL)
