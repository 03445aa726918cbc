-- error: an account's invoices stand in several shards
SELECT vendor, account, count(DISTINCT shard) AS shards
FROM marts.fct_invoices
GROUP BY vendor, account
HAVING count(DISTINCT shard) > 1
