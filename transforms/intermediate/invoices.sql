-- One row per vendor, account and invoice: the version that counts, and whether a listing still holds it. Of several
-- listings the one that issued the invoice counts, then the one loaded last; where all are gone, then the last to go.
-- kept: by invoice
WITH versions AS (
    SELECT
        version.*,
        CASE
            WHEN listed_status = 'open' AND accrues_until_period_end
                AND billing_period_end > coalesce(valid_to, run.started_at) THEN 'upcoming'
            ELSE listed_status
        END AS payment_status,
        rejection_reason IS NULL AND NOT is_listed_upcoming AND listed_status <> 'upcoming' AS is_issued,
        -- What accrues until its period is over is issued by that.
        CASE
            WHEN listed_status = 'open' AND accrues_until_period_end THEN greatest(valid_from, billing_period_end)
            ELSE valid_from
        END AS issued_by
    FROM intermediate.identified_documents AS version
    CROSS JOIN staging.run
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vendor, account, identity
            ORDER BY valid_to IS NOT NULL, is_listed_upcoming, valid_to DESC NULLS FIRST, valid_from DESC, listing DESC,
                document_key DESC
        ) AS choice,
        bool_or(is_issued) OVER (PARTITION BY vendor, account, identity) AS has_been_issued,
        min(valid_from) OVER (PARTITION BY vendor, account, identity) AS first_seen_at,
        min(issued_by) FILTER (is_issued) OVER (PARTITION BY vendor, account, identity) AS issued_at,
        max(valid_to) FILTER (rejection_reason IS NULL) OVER (PARTITION BY vendor, account, identity) AS gone_at
    FROM versions
)

SELECT
    invoice_id,
    * EXCLUDE (
        invoice_id, choice, listed_status, accrues_until_period_end, valid_from, natural_identity,
        is_known_by_period, gone_at, issued_by
    ),
    valid_from AS updated_at,
    CASE WHEN valid_to IS NOT NULL THEN gone_at END AS delisted_at
FROM ranked
WHERE
    choice = 1
    -- What accrued and is no longer listed was billed under another key, or never; what was issued stays.
    AND (
        valid_to IS NULL
        OR (rejection_reason IS NULL AND is_issued AND payment_status <> 'upcoming')
        OR (rejection_reason IS NOT NULL AND has_been_issued)
    )
