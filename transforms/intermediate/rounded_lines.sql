-- One row per invoice with lines that state parts of a minor unit: how many of its lines were rounded.
-- kept: by invoice
SELECT invoice_id, count(*) AS lines
FROM intermediate.accepted_line_readings
WHERE is_rounded AND is_in_invoice_currency
GROUP BY invoice_id
