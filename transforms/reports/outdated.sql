-- One row per thing that is older than $oldest: all that is published (with an empty vendor and account), and each account that
-- was tried since and didn't come whole. An account that isn't tried any more is no longer configured.
WITH published AS (
    SELECT max(started_at) FILTER (WHERE outcome = 'ok') AS last_ok_at FROM published_results
),

newest AS (
    SELECT
        vendor,
        account,
        max(started_at) FILTER (WHERE outcome = 'ok') AS last_ok_at,
        max(started_at) AS last_tried_at
    FROM load_results
    GROUP BY vendor, account
)

SELECT '' AS vendor, '' AS account, last_ok_at
FROM published
WHERE coalesce(last_ok_at, '-infinity') < $oldest
UNION ALL
SELECT vendor, account, last_ok_at
FROM newest
WHERE coalesce(last_ok_at, '-infinity') < $oldest AND last_tried_at >= $oldest
ORDER BY ALL
