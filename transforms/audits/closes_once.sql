-- error: a month stands more than once in marts.month_closes, or was closed before what was believed then was built
SELECT month, count(*) AS times
FROM marts.month_closes
GROUP BY month
HAVING count(*) > 1 OR bool_or(closed_at < believed_at)
