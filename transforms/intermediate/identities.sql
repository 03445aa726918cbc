-- One row per natural identity of which the invoice is another than its key says: the invoice's identity is that of its
-- first key, and so is its id. What was upcoming is the invoice that it became; what bears the key of a known period is
-- that period's invoice, also where it spells it as nobody can read.
-- kept: scratch
WITH RECURSIVE steps AS (
    SELECT vendor, account, natural_identity, next_identity
    FROM intermediate.ranked_successions
    WHERE is_succession
),

reached AS (
    SELECT vendor, account, next_identity AS natural_identity
    FROM steps
),

chains AS (
    SELECT vendor, account, natural_identity AS identity, next_identity AS natural_identity
    FROM steps
    ANTI JOIN reached USING (vendor, account, natural_identity)
    UNION ALL
    SELECT chains.vendor, chains.account, chains.identity, steps.next_identity AS natural_identity
    FROM chains
    INNER JOIN steps USING (vendor, account, natural_identity)
),

periods AS (
    SELECT vendor, account, first_document_key AS natural_identity, min(natural_identity) AS period_identity
    FROM intermediate.document_groups
    WHERE is_known_by_period AND natural_identity <> first_document_key AND NOT is_upcoming
    GROUP BY vendor, account, first_document_key
),

spelled AS (
    SELECT
        document.vendor,
        document.account,
        document.natural_identity,
        coalesce(periods.period_identity, billed.billed_identity, document.natural_identity) AS identity
    FROM intermediate.document_groups AS document
    LEFT JOIN periods USING (vendor, account, natural_identity)
    LEFT JOIN intermediate.billed_upcoming AS billed USING (vendor, account, natural_identity)
),

settled AS (
    SELECT
        spelled.vendor,
        spelled.account,
        spelled.natural_identity,
        coalesce(chains.identity, spelled.identity) AS identity
    FROM spelled
    LEFT JOIN chains
        ON spelled.vendor = chains.vendor AND spelled.account = chains.account
        AND spelled.identity = chains.natural_identity
)

SELECT
    settled.vendor,
    settled.account,
    settled.natural_identity,
    settled.identity,
    stable_id(
        settled.vendor,
        settled.account,
        CASE WHEN root.is_upcoming THEN root.last_document_key ELSE root.first_document_key END
    ) AS invoice_id
FROM settled
INNER JOIN intermediate.document_groups AS root
    ON settled.vendor = root.vendor AND settled.account = root.account AND settled.identity = root.natural_identity
