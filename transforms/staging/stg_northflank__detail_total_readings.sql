-- One row per current detail of a Northflank invoice: the invoice's total, which the detail states once more.
SELECT vendor, account, listing, document -> '$.total' AS total, northflank_has_decimals(document) AS is_major_unit
FROM staging.source_northflank__invoice_details
WHERE valid_to IS NULL
