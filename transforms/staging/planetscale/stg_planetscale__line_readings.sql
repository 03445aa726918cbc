-- One row per line item of a PlanetScale invoice, under Billhouse's names.
-- kept: view
SELECT
    vendor,
    account,
    'line_items' AS entity,
    listing,
    document_key,
    listing AS invoice_key,
    document_key AS natural_key,
    'usage' AS category,
    stated(document ->> '$.description') AS description,
    stated(document ->> '$.metric_name') AS sku,
    document -> '$.subtotal' AS amount,
    TRUE AS is_major_unit,
    coalesce(stated(document ->> '$.database_name'), stated(document ->> '$.database_id')) AS project,
    coalesce(stated(document ->> '$.resource.name'), stated(document ->> '$.resource.id')) AS resource,
    -- Billed through Cloudflare; whether such a line is part of the total, PlanetScale doesn't say.
    CASE
        WHEN document ->> '$.cloudflare_billed' IN ('true', 'false')
            THEN '{"cloudflare_billed": ' || (document ->> '$.cloudflare_billed') || '}'
    END AS tags,
    missing_key(document_key) AS doubt
FROM staging.source_planetscale__line_items
WHERE valid_to IS NULL
