-- One row per month that finance has closed, the newest first.
SELECT strftime(month, '%Y-%m') AS month, strftime(closed_at, '%Y-%m-%d') AS closed_on
FROM month_closes
ORDER BY month DESC
