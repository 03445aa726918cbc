-- One row per account and up to four months of which, between its invoices, some day is billed by none: four fit a line of a
-- terminal beside the longest names.
WITH gaps AS (
    SELECT
        vendor,
        account,
        month,
        (row_number() OVER (PARTITION BY vendor, account ORDER BY month) - 1) // 4 AS line
    FROM dim_billing_periods
    WHERE is_gap
)

SELECT vendor, account, string_agg(strftime(month, '%Y-%m'), ', ' ORDER BY month) AS months
FROM gaps
GROUP BY vendor, account, line
ORDER BY vendor, account, line
