-- One row per Northflank invoice detail: the amounts that stand only there, under Billhouse's names.
-- kept: view
SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    valid_from,
    northflank_has_decimals(document) AS is_major_unit,
    document -> '$.subTotal' AS subtotal,
    CASE
        WHEN is_absent(document -> '$.tax.amount') THEN document -> '$.tax.value'
        ELSE document -> '$.tax.amount'
    END AS tax,
    CASE
        WHEN is_absent(document -> '$.discounts.total') THEN document -> '$.discount'
        ELSE document -> '$.discounts.total'
    END AS discount,
    CASE
        WHEN document IS NULL THEN 'what the vendor sent is not valid JSON'
        ELSE northflank_doubt(northflank_has_decimals(document), northflank_has_cents(document))
    END AS doubt
FROM staging.source_northflank__invoice_details
WHERE valid_to IS NULL
