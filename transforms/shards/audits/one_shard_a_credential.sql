-- error: accounts in several shards are read with one credential, so that together they exceed its limit
SELECT credential, count(DISTINCT shard) AS shards
FROM build.credentials
GROUP BY credential
HAVING count(DISTINCT shard) > 1
