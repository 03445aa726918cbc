-- One row per pair of an invoice that is gone and one that came when or after it went, of the same period, total and
-- currency: perhaps one invoice under two keys. is_nearest: none went later before the one came, and none came sooner.
-- kept: scratch
WITH pairs AS (
    SELECT
        gone.vendor,
        gone.account,
        gone.natural_identity,
        came.natural_identity AS next_identity,
        gone.first_document_key,
        came.first_document_key AS next_document_key,
        gone.disappeared_at,
        came.appeared_at
    FROM intermediate.document_groups AS gone
    INNER JOIN intermediate.document_groups AS came
        ON gone.vendor = came.vendor AND gone.account = came.account
        AND gone.natural_identity <> came.natural_identity
        AND gone.billing_period_start = came.billing_period_start
        AND gone.billing_period_end = came.billing_period_end
        AND gone.last_total_cents = came.first_total_cents
        AND came.appeared_at >= gone.disappeared_at
        AND (
            gone.last_currency = came.first_currency OR gone.is_currency_assumed OR came.is_currency_assumed
        )
    WHERE NOT gone.is_upcoming AND NOT came.is_upcoming
),

ranked AS (
    SELECT
        *,
        rank() OVER (PARTITION BY vendor, account, natural_identity ORDER BY appeared_at) = 1
        AND rank() OVER (PARTITION BY vendor, account, next_identity ORDER BY disappeared_at DESC) = 1 AS is_nearest
    FROM pairs
)

SELECT
    vendor,
    account,
    natural_identity,
    next_identity,
    stable_id(vendor, account, first_document_key) AS invoice_id,
    stable_id(vendor, account, next_document_key) AS next_invoice_id,
    is_nearest
    AND count(*) FILTER (is_nearest) OVER (PARTITION BY vendor, account, natural_identity) = 1
    AND count(*) FILTER (is_nearest) OVER (PARTITION BY vendor, account, next_identity) = 1 AS is_succession
FROM ranked
