-- error: a change stands more than once in marts.invoice_changes, changes nothing, or is of a kind that isn't known
SELECT invoice_id, changed_at, kind, min(before) AS before, min(after) AS after, count(*) AS changes
FROM marts.invoice_changes
GROUP BY invoice_id, changed_at, kind
HAVING
    count(*) > 1
    OR min(before) = min(after)
    OR kind IS NULL
    OR kind NOT IN (
        'delisted', 'relisted', 'amount_corrected', 'became_unpaid', 'voided', 'refunded', 'rate_corrected'
    )
