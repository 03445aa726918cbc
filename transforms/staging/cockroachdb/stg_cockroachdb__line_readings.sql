-- One row per line of a cluster and per adjustment of a CockroachDB Cloud invoice, under Billhouse's names. Each belongs to the
-- document's invoice in its currency; where there is none, to the first, and stays in its own.
-- kept: view
WITH clusters AS (
    SELECT
        * EXCLUDE (document, verbatim, version_hash, valid_from, valid_to, load_id),
        unnest(from_json(document -> '$.invoice_items', '[{
            "cluster": {"id": "VARCHAR", "name": "VARCHAR", "plan": "VARCHAR", "labels": "JSON"},
            "line_items": [{
                "description": "VARCHAR", "quantity": "JSON", "quantity_unit": "VARCHAR", "unit_cost": "JSON",
                "total": {"amount": "JSON", "currency": "VARCHAR"}
            }]
        }]')) AS item
    FROM staging.stg_cockroachdb__counted_documents
),

items AS (
    SELECT * EXCLUDE (item), item.cluster AS cluster, unnest(item.line_items) AS line
    FROM clusters
),

adjustments AS (
    SELECT
        * EXCLUDE (document, verbatim, version_hash, valid_from, valid_to, load_id),
        unnest(from_json(document -> '$.adjustments', '[{
            "name": "VARCHAR", "amount": {"amount": "JSON", "currency": "VARCHAR"}
        }]')) AS line
    FROM staging.stg_cockroachdb__counted_documents
),

lines AS (
    SELECT
        * EXCLUDE (currency, cluster, line),
        currency AS invoice_currency,
        CAST(to_json([cluster.id, line.description, line.quantity_unit]) AS VARCHAR) AS natural_key,
        'usage' AS category,
        stated(line.description) AS description,
        stated(cluster.plan) AS sku,
        line.quantity AS quantity,
        stated(line.quantity_unit) AS unit,
        line.unit_cost AS unit_price,
        line.total.amount AS amount,
        upper(stated(line.total.currency)) AS currency,
        coalesce(stated(cluster.name), stated(cluster.id)) AS resource,
        CASE WHEN json_type(cluster.labels) = 'OBJECT' THEN nullif(CAST(cluster.labels AS VARCHAR), '{}') END AS tags
    FROM items
    UNION ALL BY NAME
    SELECT
        * EXCLUDE (currency, line),
        currency AS invoice_currency,
        CAST(to_json([line.name]) AS VARCHAR) AS natural_key,
        CASE WHEN starts_with(line.amount.amount ->> '$', '-') THEN 'credit' ELSE 'adjustment' END AS category,
        stated(line.name) AS description,
        line.amount.amount AS amount,
        upper(stated(line.amount.currency)) AS currency
    FROM adjustments
)

SELECT
    * EXCLUDE (invoice_currency, currencies, is_first),
    document_key AS invoice_key,
    TRUE AS is_major_unit,
    CASE
        WHEN currency IS NULL AND len(currencies) > 1 THEN 'a line states no currency, and its invoice has several'
    END AS doubt
FROM lines
WHERE currency = invoice_currency OR (is_first AND coalesce(NOT list_contains(currencies, currency), TRUE))
