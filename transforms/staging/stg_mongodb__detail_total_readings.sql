-- One row per current detail of a MongoDB invoice: the invoice's total, which the detail states once more.
SELECT vendor, account, listing, verbatim -> '$.amountBilledCents' AS total, FALSE AS is_major_unit
FROM staging.source_mongodb__invoice_details
WHERE valid_to IS NULL AND json_valid(verbatim)
