-- One row per product of a Versori invoice, under Billhouse's names. The listed document holds them, so that they are
-- read of the version that counts.
-- kept: view
WITH products AS (
    SELECT
        vendor,
        account,
        entity,
        listing,
        document_key,
        unnest(from_json(
            document -> '$.productBreakdowns',
            '[{"productName": "VARCHAR", "quantity": "JSON", "total": "JSON"}]'
        )) AS product
    FROM staging.stg_versori__counted_documents
)

SELECT
    vendor,
    account,
    entity,
    listing,
    document_key,
    document_key AS invoice_key,
    coalesce(product.productName, '') AS natural_key,
    'usage' AS category,
    stated(product.productName) AS description,
    product.quantity AS quantity,
    signed_amount(product.total) AS amount,
    stated(product.total ->> '$.currencyCode') AS currency,
    TRUE AS is_major_unit
FROM products
