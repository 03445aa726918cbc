-- One row per entry of an OVHcloud bill or refund, under Billhouse's names. The listed document holds them, so that they are
-- read of the version that counts.
-- kept: view
WITH entries AS (
    SELECT
        vendor,
        account,
        entity,
        listing,
        document_key,
        document -> '$.refund' AS refund,
        unnest(from_json(document -> '$.details', '[{
            "billDetailId": "VARCHAR", "refundDetailId": "VARCHAR", "description": "VARCHAR", "domain": "VARCHAR",
            "quantity": "JSON", "unitPrice": "JSON", "totalPrice": "JSON", "periodStart": "VARCHAR", "periodEnd": "VARCHAR"
        }]')) AS entry
    FROM staging.stg_ovhcloud__counted_documents
)

SELECT
    vendor,
    account,
    entity,
    listing,
    document_key,
    document_key AS invoice_key,
    coalesce(entry.billDetailId, entry.refundDetailId, '') AS natural_key,
    CASE WHEN refund IS NULL THEN 'usage' ELSE 'refund' END AS category,
    stated(entry.description) AS description,
    entry.quantity,
    entry.unitPrice -> '$.value' AS unit_price,
    turned(ovhcloud_amount(entry.totalPrice), ovhcloud_is_turned(refund)) AS amount,
    stated(entry.totalPrice ->> '$.currencyCode') AS currency,
    TRUE AS is_major_unit,
    stated(entry.periodStart) AS period_start,
    stated(entry.periodEnd) AS period_end,
    nullif(stated(entry.domain), '*') AS resource,
    ovhcloud_doubt('the price of a line', entry.totalPrice) AS doubt
FROM entries
