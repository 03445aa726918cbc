-- One row per version of a MongoDB invoice's detail that states refunds, with the list of them. Details are long and come
-- in many versions, so that only those are read which hold a refund.
SELECT
    vendor,
    account,
    listing AS invoice_key,
    valid_from,
    mongodb_lists(mongodb_document(verbatim)).refunds AS refunds
FROM staging.source_mongodb__invoice_details
WHERE regexp_matches(verbatim, '"refunds"[[:space:]]*:[[:space:]]*\[[[:space:]]*\{')
