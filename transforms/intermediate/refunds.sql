-- One row per invoice that states refunds: what came back in the invoice's own currency, in minor units.
-- kept: scratch
SELECT
    invoice_id,
    CAST(invoice_amount(sum(amount_cents)) AS BIGINT) AS refunded_cents
FROM intermediate.payments
WHERE kind = 'refund' AND is_in_invoice_currency
GROUP BY invoice_id
