-- error: intervals of an invoice's status history overlap, are empty, or repeat their neighbour
WITH neighbours AS (
    SELECT
        *,
        lead(valid_from) OVER later AS next_from,
        lead(payment_status) OVER later AS next_status,
        lead(total_cents) OVER later AS next_total
    FROM marts.fct_payment_status_history
    WINDOW later AS (PARTITION BY invoice_id ORDER BY valid_from, valid_to)
)

SELECT invoice_id, payment_status, total_cents, valid_from, valid_to, next_from
FROM neighbours
WHERE
    valid_from IS NULL
    OR valid_to <= valid_from
    OR next_from < coalesce(valid_to, 'infinity')
    OR (next_from = valid_to AND next_status = payment_status AND next_total = total_cents)
