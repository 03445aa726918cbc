-- One row per key of an account's listed documents: the version that was listed last.
-- kept: scratch
WITH ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vendor, account, document_key
            ORDER BY valid_to DESC NULLS FIRST, is_listed_upcoming, valid_from DESC, listing DESC
        ) AS recency
    FROM intermediate.identified_documents
)

SELECT * EXCLUDE (recency)
FROM ranked
WHERE recency = 1
