-- error: the status history doesn't end as marts.fct_invoices says: open and equal where listed, ended where delisted
WITH ends AS (
    SELECT invoice_id, count(*) - count(valid_to) AS open_intervals, max(valid_to) AS ended_at
    FROM marts.fct_payment_status_history
    GROUP BY invoice_id
),

open_intervals AS (
    SELECT invoice_id, payment_status, total_cents
    FROM marts.fct_payment_status_history
    WHERE valid_to IS NULL
)

SELECT
    coalesce(invoice.invoice_id, ends.invoice_id) AS invoice_id,
    invoice.payment_status,
    invoice.total_cents,
    invoice.delisted_at,
    ends.open_intervals,
    ends.ended_at,
    last.payment_status AS history_status,
    last.total_cents AS history_cents
FROM marts.fct_invoices AS invoice
FULL JOIN ends ON invoice.invoice_id = ends.invoice_id
LEFT JOIN open_intervals AS last ON ends.invoice_id = last.invoice_id
CROSS JOIN staging.run
WHERE
    -- Upcoming ones that are gone, and invoices that can no longer be read, have a history and no fact.
    (invoice.invoice_id IS NULL AND ends.open_intervals <> 0)
    OR (invoice.delisted_at IS NULL AND invoice.invoice_id IS NOT NULL AND ends.open_intervals IS DISTINCT FROM 1)
    OR (
        invoice.delisted_at IS NOT NULL
        -- A version that ended before it began, by a clock that was set back, leaves no interval.
        AND (
            ends.open_intervals > 0
            OR (ends.ended_at <> invoice.delisted_at AND invoice.updated_at < invoice.delisted_at)
        )
    )
    OR last.total_cents <> invoice.total_cents
    OR (
        last.payment_status <> invoice.payment_status
        -- The clock alone starts no interval: of what came due, and of a period that is over, or that isn't any more by
        -- a clock that was set back.
        AND (
            last.payment_status NOT IN ('upcoming', 'open')
            OR invoice.payment_status <> CASE
                WHEN invoice.due_at < run.started_at THEN 'past_due'
                WHEN invoice.billing_period_end > run.started_at THEN 'upcoming'
                ELSE 'open'
            END
        )
    )
