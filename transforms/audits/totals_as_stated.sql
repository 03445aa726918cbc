-- error: a total is more than a rounding away from what the document states
WITH stated AS (
    -- A shorter way than the facts are read by: no rounding, no rule for what is unreadable.
    SELECT
        invoice_id,
        -- DuckDB reads 18 digits in 0.1 µs, and more in 8.
        coalesce(
            TRY_CAST(stated_total ->> '$' AS DECIMAL(18, 6)),
            TRY_CAST(regexp_replace(stated_total ->> '$', '[^0-9.eE+-]', '', 'g') AS DECIMAL(30, 6))
        ) * CAST(CASE WHEN is_major_unit THEN minor_units_per_unit ELSE 1 END AS DECIMAL(5, 0)) AS total
    FROM intermediate.invoices
    WHERE rejection_reason IS NULL
)

SELECT invoice.invoice_id, invoice.vendor, invoice.account, invoice.currency, invoice.total_cents, stated.total
FROM marts.fct_invoices AS invoice
LEFT JOIN stated ON invoice.invoice_id = stated.invoice_id
-- Rounding takes half a minor unit at most; what DECIMAL(30, 6) cuts off is less than a hundredth of one.
WHERE stated.invoice_id IS NULL OR abs(invoice.total_cents - stated.total) > 0.51
