-- One row per currency: what of the demo is known to be unpaid, and the largest of it.
SELECT
    currency,
    count(*) AS invoices,
    CAST(sum(to_pay) AS DECIMAL(18, 2)) AS "to pay",
    CAST(max(to_pay) AS DECIMAL(18, 2)) AS largest,
    arg_max(account, to_pay) AS "of account"
FROM payables
WHERE is_known
GROUP BY currency
ORDER BY currency
