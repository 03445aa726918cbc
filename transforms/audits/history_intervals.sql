-- error: intervals of an invoice's status history overlap, are empty, repeat their neighbour, or begin when nothing changed
WITH neighbours AS (
    SELECT
        *,
        lead(valid_from) OVER later AS next_from,
        lead(payment_status) OVER later AS next_status,
        lead(total_cents) OVER later AS next_total
    FROM marts.fct_payment_status_history
    WINDOW later AS (PARTITION BY invoice_id ORDER BY valid_from, valid_to)
),

loads AS (
    SELECT valid_from AS moment FROM staging.source_all__invoices
    UNION
    SELECT valid_to AS moment FROM staging.source_all__invoices
)

SELECT
    neighbours.invoice_id,
    neighbours.payment_status,
    neighbours.total_cents,
    neighbours.valid_from,
    neighbours.valid_to,
    neighbours.next_from
FROM neighbours
LEFT JOIN loads ON neighbours.valid_from = loads.moment
WHERE
    loads.moment IS NULL
    OR neighbours.valid_to <= neighbours.valid_from
    OR neighbours.next_from < coalesce(neighbours.valid_to, 'infinity')
    OR (
        neighbours.next_from = neighbours.valid_to AND neighbours.next_status = neighbours.payment_status
        AND neighbours.next_total = neighbours.total_cents
    )
