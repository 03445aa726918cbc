-- One row per line that a vendor states on an invoice. The first branch names what a vendor's reading may state and its
-- type; what a vendor leaves out is null.
-- kept: view
SELECT
    CAST(NULL AS VARCHAR) AS vendor,
    CAST(NULL AS VARCHAR) AS account,
    CAST(NULL AS VARCHAR) AS entity, -- what holds the line: a raw table, or what the listed document is made of
    CAST(NULL AS VARCHAR) AS listing,
    CAST(NULL AS VARCHAR) AS document_key,
    CAST(NULL AS VARCHAR) AS invoice_key, -- the key of the invoice that it belongs to
    CAST(NULL AS VARCHAR) AS natural_key, -- what the line is, without its amounts
    CAST(NULL AS VARCHAR) AS category,
    CAST(NULL AS VARCHAR) AS description,
    CAST(NULL AS VARCHAR) AS sku,
    CAST(NULL AS JSON) AS quantity,
    CAST(NULL AS VARCHAR) AS unit,
    CAST(NULL AS JSON) AS unit_price, -- always in dollars, pounds, …
    CAST(NULL AS JSON) AS amount,
    CAST(NULL AS JSON) AS discount, -- what the amount is still to be reduced by
    CAST(NULL AS VARCHAR) AS currency, -- the line's own; null: the invoice's
    CAST(NULL AS BOOLEAN) AS is_major_unit, -- amounts are dollars, pounds, …; else cents, pence, …
    CAST(NULL AS VARCHAR) AS period_start,
    CAST(NULL AS VARCHAR) AS period_end,
    CAST(NULL AS VARCHAR) AS project,
    CAST(NULL AS VARCHAR) AS resource,
    CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS tags,
    CAST(NULL AS VARCHAR) AS doubt -- why the line can't be trusted, where the vendor's file sees a reason
WHERE FALSE
UNION ALL BY NAME
SELECT *
FROM staging.stg_all__line_readings
