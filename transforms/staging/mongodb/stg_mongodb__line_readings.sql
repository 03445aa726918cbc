-- One row per line item of a MongoDB invoice's detail, under Billhouse's names. A line's amount is before its discount.
-- kept: view
WITH items AS (
    SELECT vendor, account, listing, document_key, unnest(lists.lineItems) AS item
    FROM staging.stg_mongodb__detail_parts
)

SELECT
    vendor,
    account,
    'invoice_details' AS entity,
    listing,
    document_key,
    listing AS invoice_key,
    concat_ws(
        '/', item.sku, item.startDate, item.endDate, item.groupId, item.clusterName, item.stitchAppName,
        item.cloudProvider, item.tierLowerBound, item.unit, item.note
    ) AS natural_key,
    CASE
        WHEN has_word(upper(item.sku), 'CREDIT', 'S?') THEN 'credit'
        WHEN has_word(upper(item.sku), 'TAX', '(ES)?') THEN 'tax'
        WHEN has_word(upper(item.sku), 'REFUND', 'S?') THEN 'refund'
        WHEN has_word(upper(item.sku), 'DISCOUNT', 'S?') THEN 'discount'
        ELSE 'usage'
    END AS category,
    coalesce(stated(item.note), stated(item.sku)) AS description,
    stated(item.sku) AS sku,
    item.quantity,
    stated(item.unit) AS unit,
    item.unitPriceDollars AS unit_price,
    item.totalPriceCents AS amount,
    item.discountCents AS discount,
    FALSE AS is_major_unit,
    stated(item.startDate) AS period_start,
    stated(item.endDate) AS period_end,
    coalesce(stated(item.groupName), stated(item.groupId)) AS project,
    coalesce(stated(item.clusterName), stated(item.stitchAppName)) AS resource,
    item.tags
FROM items
