-- One row per pair of an invoice and one that came when or after it went, of the same period, total and currency, where
-- at no moment both were listed: perhaps one invoice under two keys, also when it has its first one again. is_nearest: none
-- went later before the one came, and none came sooner.
-- kept: scratch
WITH pairs AS (
    SELECT
        gone.vendor,
        gone.account,
        gone.natural_identity,
        came.natural_identity AS next_identity,
        gone.first_document_key,
        came.first_document_key AS next_document_key,
        came.appeared_at
    FROM intermediate.document_groups AS gone
    INNER JOIN intermediate.document_groups AS came
        ON gone.vendor = came.vendor AND gone.account = came.account
        AND gone.natural_identity <> came.natural_identity
        AND gone.billing_period_start = came.billing_period_start
        AND gone.billing_period_end = came.billing_period_end
        AND gone.last_total_cents = came.first_total_cents
        AND (
            gone.last_currency = came.first_currency OR gone.is_currency_assumed OR came.is_currency_assumed
        )
    WHERE NOT gone.is_upcoming AND NOT came.is_upcoming
),

versions AS (
    SELECT vendor, account, natural_identity, valid_from, coalesce(valid_to, 'infinity') AS valid_to
    FROM intermediate.invoice_versions
    SEMI JOIN intermediate.document_groups USING (vendor, account, natural_identity)
),

listed_together AS (
    SELECT pair.vendor, pair.account, pair.natural_identity, pair.next_identity
    FROM pairs AS pair
    INNER JOIN versions AS gone
        ON pair.vendor = gone.vendor AND pair.account = gone.account
        AND pair.natural_identity = gone.natural_identity
    INNER JOIN versions AS came
        ON pair.vendor = came.vendor AND pair.account = came.account AND pair.next_identity = came.natural_identity
        AND gone.valid_from < came.valid_to AND came.valid_from < gone.valid_to
),

ended AS (
    SELECT pair.vendor, pair.account, pair.natural_identity, pair.next_identity, max(gone.valid_to) AS disappeared_at
    FROM pairs AS pair
    INNER JOIN versions AS gone
        ON pair.vendor = gone.vendor AND pair.account = gone.account
        AND pair.natural_identity = gone.natural_identity AND pair.appeared_at >= gone.valid_to
    GROUP BY pair.vendor, pair.account, pair.natural_identity, pair.next_identity
),

parted AS (
    SELECT pair.*, ended.disappeared_at
    FROM pairs AS pair
    INNER JOIN ended USING (vendor, account, natural_identity, next_identity)
    ANTI JOIN listed_together USING (vendor, account, natural_identity, next_identity)
),

ranked AS (
    SELECT
        *,
        rank() OVER (PARTITION BY vendor, account, natural_identity ORDER BY appeared_at) = 1
        AND rank() OVER (PARTITION BY vendor, account, next_identity ORDER BY disappeared_at DESC) = 1 AS is_nearest
    FROM parted
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
