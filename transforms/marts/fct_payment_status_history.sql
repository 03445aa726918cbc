-- One row per invoice and interval in which its status and total were the same, as its versions said when they came.
-- Delisting ends an interval; the clock alone (an open invoice that gets past due) starts none.
-- kept: by invoice
WITH compared AS (
    SELECT
        invoice_id,
        payment_status,
        total_cents,
        valid_from,
        valid_to,
        lag(payment_status) OVER (PARTITION BY invoice_id ORDER BY valid_from) AS status_before,
        lag(total_cents) OVER (PARTITION BY invoice_id ORDER BY valid_from) AS total_before,
        lag(valid_to) OVER (PARTITION BY invoice_id ORDER BY valid_from) AS ended_before
    FROM intermediate.status_segments
),

numbered AS (
    SELECT
        invoice_id,
        payment_status,
        total_cents,
        valid_from,
        valid_to,
        sum(
            CASE
                WHEN payment_status = status_before AND total_cents = total_before AND valid_from = ended_before THEN 0
                ELSE 1
            END
        ) OVER (PARTITION BY invoice_id ORDER BY valid_from) AS interval_number
    FROM compared
)

SELECT
    invoice_id, -- the invoice in fct_invoices; upcoming ones that are gone stand only here
    payment_status, -- as in fct_invoices, but never past due by the clock alone
    total_cents, -- what was billed then, in the currency's minor unit
    min(valid_from) AS valid_from, -- when it was first seen so
    CASE WHEN count(*) = count(valid_to) THEN max(valid_to) END AS valid_to -- when it was no longer; null: it still is
FROM numbered
GROUP BY invoice_id, payment_status, total_cents, interval_number
