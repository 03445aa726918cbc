-- One row per current detail of a MongoDB invoice: the invoice's total, which the detail states once more.
-- kept: view
SELECT vendor, account, listing, lists.amountBilledCents AS total, FALSE AS is_major_unit
FROM staging.stg_mongodb__detail_parts
