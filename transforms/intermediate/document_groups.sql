-- One row per natural identity whose documents may be those of another invoice too: what is known by its period, what
-- such an upcoming one may become, what is gone or was for a while, and what came after that. From when to when it was
-- listed, and what it said first and last.
-- kept: scratch
WITH listed AS (
    SELECT
        vendor,
        account,
        natural_identity,
        bool_or(is_known_by_period) AS is_known_by_period,
        bool_and(is_listed_upcoming) AS is_upcoming,
        min(valid_from) AS appeared_at,
        CASE WHEN count(*) = count(valid_to) THEN max(valid_to) END AS disappeared_at,
        -- Each end is a beginning too, where it was always listed and is still.
        CASE
            WHEN sum(moment_number(valid_to)) <> sum(moment_number(valid_from)) - moment_number(min(valid_from))
                THEN min(valid_to)
        END AS first_lost_at
    FROM intermediate.invoice_versions
    GROUP BY vendor, account, natural_identity
),

accounts AS (
    SELECT
        vendor,
        account,
        min(first_lost_at) AS lost_at,
        bool_or(is_known_by_period AND is_upcoming) AS is_billed_by_period
    FROM listed
    GROUP BY vendor, account
),

candidates AS (
    SELECT listed.* EXCLUDE (first_lost_at)
    FROM listed
    INNER JOIN accounts AS owner USING (vendor, account)
    WHERE
        listed.is_known_by_period
        OR listed.first_lost_at IS NOT NULL
        OR listed.appeared_at >= owner.lost_at
        OR owner.is_billed_by_period
),

ordered AS (
    SELECT
        version.*,
        -- Two listings may bring a document at the same moment.
        row(version.valid_from, version.listing, version.document_key) AS place
    FROM intermediate.invoice_versions AS version
    SEMI JOIN candidates USING (vendor, account, natural_identity)
),

said AS (
    SELECT
        vendor,
        account,
        natural_identity,
        arg_min(document_key, place) AS first_document_key,
        arg_max(document_key, place) AS last_document_key,
        min(billing_period_start) AS billing_period_start,
        min(billing_period_end) AS billing_period_end,
        arg_min(total_cents, place) FILTER (rejection_reason IS NULL) AS first_total_cents,
        arg_max(total_cents, place) FILTER (rejection_reason IS NULL) AS last_total_cents,
        arg_min(currency, place) FILTER (rejection_reason IS NULL) AS first_currency,
        arg_max(currency, place) FILTER (rejection_reason IS NULL) AS last_currency,
        bool_or(currency_basis = 'assumed') AS is_currency_assumed
    FROM ordered
    GROUP BY vendor, account, natural_identity
)

SELECT *
FROM candidates
INNER JOIN said USING (vendor, account, natural_identity)
