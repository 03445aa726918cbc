-- error: a line_id stands more than once in marts.fct_invoice_lines
SELECT line_id, count(*) AS lines
FROM marts.fct_invoice_lines
GROUP BY line_id
HAVING count(*) > 1
