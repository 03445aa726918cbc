-- One row per currency that is billed in: those of ISO 4217, and what vendors bill in beside them, such as credits, which only
-- the documents of these vendors may state.
-- kept: whole
SELECT currency, minor_units_per_unit, CAST(NULL AS VARCHAR[]) AS vendors
FROM intermediate.iso_currencies
UNION ALL
SELECT currency, minor_units_per_unit, list(vendor ORDER BY vendor) AS vendors
FROM staging.stg_all__currencies
GROUP BY currency, minor_units_per_unit
