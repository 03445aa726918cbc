-- One row per current detail of a Northflank invoice whose unit is certain: the invoice's total, stated once more.
-- kept: view
SELECT vendor, account, listing, document -> '$.total' AS total, northflank_has_decimals(document) AS is_major_unit
FROM staging.source_northflank__invoice_details
WHERE valid_to IS NULL AND northflank_doubt(northflank_has_decimals(document), northflank_has_cents(document)) IS NULL
