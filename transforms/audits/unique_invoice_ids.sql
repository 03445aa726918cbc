-- error: an invoice_id stands more than once in marts.fct_invoices
SELECT invoice_id, count(*) AS invoices
FROM marts.fct_invoices
GROUP BY invoice_id
HAVING count(*) > 1
