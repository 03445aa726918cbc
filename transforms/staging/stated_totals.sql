-- One row per invoice that can be read: its total in minor units with all decimals, read by a shorter way than the facts
-- are (no rounding, no rule for what is unreadable), so that an audit can compare the two.
SELECT
    invoice.invoice_id,
    TRY_CAST(regexp_replace(reading.total ->> '$', '[^0-9.eE+-]', '', 'g') AS DECIMAL(30, 6))
    * CAST(CASE WHEN reading.is_major_unit THEN invoice.minor_units_per_unit ELSE 1 END AS DECIMAL(5, 0)) AS total
FROM staging.invoices AS invoice
INNER JOIN staging.invoice_readings AS reading
    ON invoice.vendor = reading.vendor AND invoice.account = reading.account AND invoice.listing = reading.listing
    AND invoice.document_key = reading.document_key AND invoice.updated_at = reading.valid_from
WHERE invoice.rejection_reason IS NULL
