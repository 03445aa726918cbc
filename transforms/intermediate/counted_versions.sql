-- One row per invoice and stretch of time in which the same version of it counted: of all listings that held it then,
-- the one that issued it counts, then the one loaded last. What no listing held then has no row.
-- kept: scratch
WITH boundaries AS (
    SELECT vendor, account, identity, valid_from AS boundary FROM intermediate.identified_documents
    UNION
    SELECT vendor, account, identity, valid_to AS boundary
    FROM intermediate.identified_documents
    WHERE valid_to IS NOT NULL
),

stretches AS (
    SELECT
        vendor,
        account,
        identity,
        boundary AS valid_from,
        lead(boundary) OVER (PARTITION BY vendor, account, identity ORDER BY boundary) AS valid_to
    FROM boundaries
),

ranked AS (
    SELECT
        version.*,
        stretch.valid_from AS counts_from,
        stretch.valid_to AS counts_to,
        row_number() OVER (
            PARTITION BY stretch.vendor, stretch.account, stretch.identity, stretch.valid_from
            ORDER BY
                version.is_listed_upcoming, version.valid_from DESC, version.listing DESC, version.document_key DESC
        ) AS choice
    FROM stretches AS stretch
    INNER JOIN intermediate.identified_documents AS version
        ON stretch.vendor = version.vendor AND stretch.account = version.account
        AND stretch.identity = version.identity
        AND version.valid_from <= stretch.valid_from
        AND (version.valid_to IS NULL OR version.valid_to > stretch.valid_from)
)

SELECT
    invoice_id,
    vendor,
    account,
    identity,
    CASE
        WHEN listed_status = 'open' AND accrues_until_period_end AND billing_period_end > valid_from THEN 'upcoming'
        ELSE listed_status
    END AS payment_status,
    total_cents,
    is_listed_upcoming,
    rejection_reason IS NULL AS is_readable,
    counts_from AS valid_from,
    counts_to AS valid_to
FROM ranked
WHERE choice = 1
