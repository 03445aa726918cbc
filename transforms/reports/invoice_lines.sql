-- One row per line of the invoice $invoice_id, the largest first.
SELECT
    category,
    coalesce(description, sku, '') AS description,
    coalesce(regexp_replace(CAST(quantity AS VARCHAR), '\.0+$|(\.\d*[1-9])0+$', '\1'), '') AS quantity,
    coalesce(unit, '') AS unit,
    amount_cents,
    currency
FROM fct_invoice_lines
WHERE invoice_id = $invoice_id
ORDER BY record_type DESC, abs(amount_cents) DESC NULLS LAST, line_id
