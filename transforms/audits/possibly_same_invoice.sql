-- warning: two invoices are possibly the same one, counted twice: under another key, or in another account
WITH pairs AS (
    SELECT invoice_id, next_invoice_id AS other_invoice_id
    FROM intermediate.possible_successions
    WHERE NOT is_succession
    UNION ALL
    SELECT invoice.invoice_id, other.invoice_id AS other_invoice_id
    FROM marts.fct_invoices AS invoice
    INNER JOIN marts.fct_invoices AS other
        ON invoice.vendor = other.vendor AND invoice.invoice_number = other.invoice_number
    WHERE invoice.account < other.account
    UNION
    SELECT invoice.invoice_id, other.invoice_id AS other_invoice_id
    FROM marts.fct_invoices AS invoice
    INNER JOIN marts.fct_invoices AS other
        ON invoice.vendor = other.vendor
        AND invoice.billing_period_start = other.billing_period_start
        AND invoice.billing_period_end = other.billing_period_end
        AND invoice.currency = other.currency
        AND invoice.total_cents = other.total_cents
    WHERE
        (
            invoice.account < other.account
            -- A contract that begins to state ids may list an invoice under both keys for a while.
            OR (invoice.account = other.account AND invoice.invoice_number IS NULL AND other.invoice_number IS NOT NULL)
        )
        AND invoice.total_cents <> 0
        AND invoice.payment_status <> 'upcoming' AND other.payment_status <> 'upcoming'
        AND (invoice.invoice_number IS NULL OR other.invoice_number IS NULL)
)

SELECT
    invoice.vendor,
    invoice.account,
    invoice.invoice_number,
    invoice.invoice_id,
    other.account AS other_account,
    other.invoice_number AS other_invoice_number,
    other.invoice_id AS other_invoice_id,
    invoice.billing_period_start,
    invoice.currency,
    invoice.total_cents
FROM pairs
INNER JOIN marts.fct_invoices AS invoice ON pairs.invoice_id = invoice.invoice_id
INNER JOIN marts.fct_invoices AS other ON pairs.other_invoice_id = other.invoice_id
