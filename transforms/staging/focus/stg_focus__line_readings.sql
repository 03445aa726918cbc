-- One row per line of an invoice that was summed up of FOCUS charges: those that differ only in their amounts, and in their
-- hours or days within a calendar month, are one. A charge may be of a fraction of a cent, which only their sum can show.
-- kept: scratch
WITH counted AS (
    SELECT
        vendor,
        account,
        entity,
        listing,
        document_key,
        unnest(from_json(document -> '$.x_Chunks', '["VARCHAR"]')) AS chunk
    FROM staging.stg_focus__counted_documents
),

charges AS (
    SELECT
        counted.* EXCLUDE (chunk),
        charge.BilledCost AS cost,
        charge.ChargeCategory AS charge_category,
        charge.ChargeDescription AS description,
        coalesce(charge.ServiceName, charge.SkuId) AS sku,
        focus_quantity(charge.PricingQuantity) AS quantity,
        charge.PricingUnit AS unit,
        charge.ContractedUnitPrice AS unit_price,
        charge.ChargePeriodStart AS period_start,
        charge.ChargePeriodEnd AS period_end,
        left(charge.ChargePeriodStart, 7) AS month,
        coalesce(charge.SubAccountName, charge.SubAccountId) AS project,
        coalesce(charge.ResourceName, charge.ResourceId) AS resource,
        charge.RegionId AS region,
        charge.Tags AS tags
    FROM counted
    INNER JOIN staging.charges AS charge ON counted.chunk = charge.chunk
)

SELECT
    vendor,
    account,
    entity,
    listing,
    document_key,
    document_key AS invoice_key,
    CAST(
        to_json([month, charge_category, description, sku, unit, project, resource, region, tags]) AS VARCHAR
    ) AS natural_key,
    CASE charge_category
        WHEN 'Tax' THEN 'tax'
        WHEN 'Credit' THEN 'credit'
        WHEN 'Adjustment' THEN 'adjustment'
        ELSE 'usage'
    END AS category,
    description,
    sku,
    CASE WHEN count(quantity) = count(*) THEN to_json(CAST(sum(quantity) AS VARCHAR)) END AS quantity,
    unit,
    CASE WHEN min(unit_price) = max(unit_price) THEN to_json(min(unit_price)) END AS unit_price,
    to_json(CAST(sum(cost) AS VARCHAR)) AS amount,
    TRUE AS is_major_unit,
    focus_time(min(period_start)) AS period_start,
    focus_time(max(period_end)) AS period_end,
    project,
    resource,
    region,
    tags
FROM charges
GROUP BY
    vendor, account, entity, listing, document_key, month, charge_category, description, sku, unit, project, resource,
    region, tags
