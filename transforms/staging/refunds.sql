-- One row per invoice that states refunds: what came back, in minor units.
SELECT
    invoice_id,
    CAST(sum(amount_cents) AS BIGINT) AS refunded_cents
FROM staging.payments
WHERE kind = 'refund'
GROUP BY invoice_id
