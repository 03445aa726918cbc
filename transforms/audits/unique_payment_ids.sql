-- error: a payment_id stands more than once in marts.fct_payments
SELECT payment_id, count(*) AS payments
FROM marts.fct_payments
GROUP BY payment_id
HAVING count(*) > 1
