-- One row per account that has invoices or was ever loaded.
SELECT vendor, account FROM fct_invoices
UNION
SELECT vendor, account FROM load_results
ORDER BY ALL
