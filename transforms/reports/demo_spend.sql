-- One row per month: the three newest that are closed in every currency, and what is spent in each currency of the demo.
WITH closed AS (
    SELECT min(month) AS month FROM report_closed_months
)

SELECT
    strftime(spend.month, '%Y-%m') AS month,
    CAST(sum(spend.amount) FILTER (WHERE spend.currency = 'USD') AS DECIMAL(18, 2)) AS USD,
    CAST(sum(spend.amount) FILTER (WHERE spend.currency = 'EUR') AS DECIMAL(18, 2)) AS EUR,
    CAST(sum(spend.amount) FILTER (WHERE spend.currency = 'GBP') AS DECIMAL(18, 2)) AS GBP
FROM spend
INNER JOIN closed ON spend.month BETWEEN closed.month - INTERVAL 2 MONTH AND closed.month
GROUP BY spend.month
ORDER BY spend.month
