-- One row, or none where no reporting currency is configured: which it is, and its decimals.
SELECT
    invoice.reporting_currency AS currency,
    length(CAST(min(currency.minor_units_per_unit) AS VARCHAR)) - 1 AS decimals
FROM fct_invoices AS invoice
INNER JOIN dim_currencies AS currency ON invoice.reporting_currency = currency.currency
GROUP BY invoice.reporting_currency
