-- One row per natural identity of which the invoice is another than its key says: the invoice's identity is that of its
-- first key, and so is its id. What was upcoming is the invoice that it became.
-- kept: scratch
WITH RECURSIVE chains AS (
    SELECT vendor, account, natural_identity AS identity, next_identity AS natural_identity
    FROM intermediate.ranked_successions AS first_step
    WHERE is_succession AND NOT EXISTS (
        SELECT 1
        FROM intermediate.ranked_successions AS before
        WHERE
            before.is_succession AND before.vendor = first_step.vendor AND before.account = first_step.account
            AND before.next_identity = first_step.natural_identity
    )
    UNION ALL
    SELECT chains.vendor, chains.account, chains.identity, step.next_identity AS natural_identity
    FROM chains
    INNER JOIN intermediate.ranked_successions AS step
        ON chains.vendor = step.vendor AND chains.account = step.account
        AND chains.natural_identity = step.natural_identity AND step.is_succession
),

settled AS (
    SELECT
        document.vendor,
        document.account,
        document.natural_identity,
        coalesce(chains.identity, billed.billed_identity, document.natural_identity) AS identity
    FROM intermediate.document_groups AS document
    LEFT JOIN intermediate.billed_upcoming AS billed
        ON document.vendor = billed.vendor AND document.account = billed.account
        AND document.natural_identity = billed.natural_identity
    LEFT JOIN chains
        ON document.vendor = chains.vendor AND document.account = chains.account
        AND coalesce(billed.billed_identity, document.natural_identity) = chains.natural_identity
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
