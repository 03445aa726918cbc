-- One row per currency that an invoice is in, the one with the most invoices first, and its decimals.
SELECT invoice.currency, length(CAST(min(currency.minor_units_per_unit) AS VARCHAR)) - 1 AS decimals
FROM fct_invoices AS invoice
INNER JOIN dim_currencies AS currency ON invoice.currency = currency.currency
GROUP BY invoice.currency
ORDER BY count(*) DESC, invoice.currency
