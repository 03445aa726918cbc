-- One row per current detail of a MongoDB invoice: the lists in it. Details are long, up to megabytes, so that each is
-- read once, and its lines are laid out from this table.
-- kept: scratch
WITH details AS (
    SELECT vendor, account, listing, document_key, valid_from, mongodb_lists(mongodb_document(verbatim)) AS lists
    FROM staging.source_mongodb__invoice_details
    WHERE valid_to IS NULL
)

SELECT
    *,
    lists IS NOT NULL AS is_valid
FROM details
