-- One row per invoice detail. The first branch names what a vendor's reading may state and its type; what a vendor
-- leaves out is null.
-- kept: view
SELECT
    CAST(NULL AS VARCHAR) AS vendor,
    CAST(NULL AS VARCHAR) AS account,
    CAST(NULL AS VARCHAR) AS entity,
    CAST(NULL AS VARCHAR) AS listing, -- the key of the invoice
    CAST(NULL AS VARCHAR) AS document_key,
    CAST(NULL AS TIMESTAMPTZ) AS valid_from,
    CAST(NULL AS BOOLEAN) AS is_major_unit,
    CAST(NULL AS JSON) AS subtotal,
    CAST(NULL AS JSON) AS tax,
    CAST(NULL AS JSON) AS discount,
    CAST(NULL AS VARCHAR) AS doubt
WHERE FALSE
UNION ALL BY NAME
SELECT *
FROM staging.stg_all__detail_readings
