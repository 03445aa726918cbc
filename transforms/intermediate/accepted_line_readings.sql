-- One row per line that a vendor states, of the documents that can be read in all of their lines; with an id that stays
-- the same while the line does, whatever its amount.
-- kept: view
SELECT
    md5(line.invoice_id || '/line/' || line.natural_key || '#' || CAST(numbers.number AS VARCHAR)) AS line_id,
    line.invoice_id,
    line.vendor,
    line.account,
    'line' AS record_type,
    line.category,
    line.description,
    line.sku,
    line.quantity,
    line.unit,
    line.unit_price,
    line.amount_cents,
    line.is_rounded,
    line.currency,
    line.is_in_invoice_currency,
    line.period_start,
    line.period_end,
    line.project,
    line.resource,
    line.region,
    line.tags
FROM intermediate.line_amounts AS line
INNER JOIN intermediate.line_numbers AS numbers ON line.rowid = numbers.line
LEFT JOIN intermediate.rejected_details AS rejected
    ON line.vendor = rejected.vendor AND line.account = rejected.account AND line.entity = rejected.entity
    AND line.listing = rejected.listing AND line.document_key = rejected.document_key
WHERE rejected.document_key IS NULL
