-- One row per invoice of {vendor} that can be read: the columns of marts.fct_invoices as far as {vendor} states them.
-- kept: view
SELECT
    invoice.invoice_id,
    invoice.vendor,
    invoice.account,
    invoice.invoice_number,
    invoice.billing_period_start,
    invoice.billing_period_end,
    invoice.billing_period_basis,
    invoice.currency,
    invoice.currency_basis,
    invoice.total_cents,
    coalesce(invoice.subtotal_cents, detail.subtotal_cents) AS subtotal_cents,
    coalesce(invoice.tax_cents, detail.tax_cents) AS tax_cents,
    coalesce(invoice.discount_cents, detail.discount_cents) AS discount_cents,
    invoice.credit_cents,
    invoice.starting_balance_cents,
    refunds.refunded_cents,
    invoice.paid_cents,
    invoice.payment_status,
    invoice.vendor_status,
    invoice.due_at,
    invoice.paid_at,
    invoice.payment_failed_at,
    invoice.invoice_url,
    invoice.first_seen_at,
    invoice.updated_at,
    invoice.delisted_at,
    invoice.load_id
FROM intermediate.invoices AS invoice
LEFT JOIN intermediate.details AS detail
    ON invoice.invoice_id = detail.invoice_id AND detail.rejection_reason IS NULL
LEFT JOIN intermediate.refunds AS refunds ON invoice.invoice_id = refunds.invoice_id
WHERE invoice.vendor = '{vendor}' AND invoice.rejection_reason IS NULL
