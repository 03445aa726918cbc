-- One row per change of an issued invoice that somebody should know of, as its versions tell it: a corrected amount, a paid
-- one that is unpaid again, a void, a refund, when the vendor ceased to list it or listed it again, and when the ECB corrected
-- the rate that it is converted by (which stays as it was).
-- kept: by invoice
WITH neighbours AS (
    SELECT
        invoice_id,
        payment_status,
        total_cents,
        is_readable AND NOT is_listed_upcoming AND payment_status <> 'upcoming' AS is_issued,
        valid_from,
        valid_to,
        lag(payment_status) OVER (PARTITION BY vendor, account, identity ORDER BY valid_from) AS status_before,
        lag(total_cents) OVER (PARTITION BY vendor, account, identity ORDER BY valid_from) AS total_before,
        lag(is_readable AND NOT is_listed_upcoming AND payment_status <> 'upcoming') OVER (
            PARTITION BY vendor, account, identity ORDER BY valid_from
        ) AS was_issued,
        lag(valid_to) OVER (PARTITION BY vendor, account, identity ORDER BY valid_from) AS ended_before,
        lead(valid_from) OVER (PARTITION BY vendor, account, identity ORDER BY valid_from) AS next_from
    FROM intermediate.counted_versions
),

comparable AS (
    SELECT *
    FROM neighbours
    WHERE is_issued AND was_issued
),

refunds AS (
    SELECT
        invoice.invoice_id,
        detail.valid_from AS changed_at,
        detail.refunded_cents,
        lag(detail.refunded_cents) OVER (PARTITION BY invoice.invoice_id ORDER BY detail.valid_from) AS refunded_before
    FROM intermediate.refund_versions AS detail
    INNER JOIN intermediate.invoices AS invoice
        ON detail.vendor = invoice.vendor AND detail.account = invoice.account
        AND detail.invoice_key = invoice.document_key AND invoice.rejection_reason IS NULL
),

changes AS (
    SELECT
        invoice_id,
        valid_to AS changed_at,
        'delisted' AS kind,
        payment_status AS before,
        CAST(NULL AS VARCHAR) AS after
    FROM neighbours
    WHERE
        is_issued
        AND valid_to IS NOT NULL AND (next_from IS NULL OR next_from > valid_to)
    UNION ALL
    SELECT invoice_id, valid_from, 'relisted', CAST(NULL AS VARCHAR), payment_status
    FROM comparable
    WHERE ended_before < valid_from
    UNION ALL
    SELECT invoice_id, valid_from, 'amount_corrected', CAST(total_before AS VARCHAR), CAST(total_cents AS VARCHAR)
    FROM comparable
    WHERE total_before <> total_cents
    UNION ALL
    SELECT invoice_id, valid_from, 'became_unpaid', status_before, payment_status
    FROM comparable
    WHERE status_before = 'paid' AND payment_status IN ('open', 'past_due', 'failed')
    UNION ALL
    SELECT invoice_id, valid_from, 'voided', status_before, payment_status
    FROM comparable
    WHERE status_before <> 'void' AND payment_status = 'void'
    UNION ALL
    SELECT invoice_id, changed_at, 'refunded', CAST(refunded_before AS VARCHAR), CAST(refunded_cents AS VARCHAR)
    FROM refunds
    WHERE refunded_before <> refunded_cents
    UNION ALL
    SELECT invoice_id, changed_at, 'rate_corrected', rate_before, rate_after
    FROM intermediate.rate_corrections
)

SELECT
    invoice_id, -- the invoice in fct_invoices
    changed_at, -- when the version that shows it was loaded
    kind, -- delisted, relisted, amount_corrected, became_unpaid, voided, refunded or rate_corrected
    before, -- the status before, the amount in the currency's minor unit, or the exchange rate; null where it was not listed
    after -- the same afterwards
FROM changes
