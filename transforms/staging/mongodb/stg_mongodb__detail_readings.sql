-- One row per MongoDB invoice detail: whether it can be read. What it says of the invoice, the list says as well.
-- kept: view
SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    valid_from,
    CASE WHEN NOT is_valid THEN 'what the vendor sent is not valid JSON' END AS doubt
FROM staging.stg_mongodb__detail_parts
