-- error: a month of a line stands more than once in marts.fct_monthly_spend
SELECT line_id, month, count(*) AS months
FROM marts.fct_monthly_spend
GROUP BY line_id, month
HAVING count(*) > 1
