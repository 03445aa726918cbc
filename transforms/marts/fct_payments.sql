-- One row per payment or refund that a vendor states on an invoice, in its own words.
-- kept: by invoice
SELECT
    payment_id, -- stable surrogate: a hash of the invoice and of the vendor's payment id
    invoice_id, -- the invoice in fct_invoices
    vendor, -- the invoice's vendor
    account, -- the invoice's account
    kind, -- payment or refund
    status, -- the vendor's own word; null for a refund
    amount_cents, -- what was paid, or came back: positive for both, in the currency's minor unit
    currency, -- that it was paid in, where the vendor states one; else the invoice's
    created_at -- when the payment was tried, or the refund made
FROM intermediate.payments
WHERE rejection_reason IS NULL
