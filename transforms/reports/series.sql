-- One row per {key} of what is spent in $currency: its sums by month of the report, and their sum. Of `vendor` and `account`
-- those are empty that don't tell the rows apart.
WITH facts AS (
    SELECT position, cents, {key} AS key, {vendor} AS vendor, {account} AS account
    FROM report_facts
    WHERE currency = $currency
),

grid AS (
    SELECT keys.key, keys.vendor, keys.account, months.position, coalesce(sum(facts.cents), 0) AS cents
    FROM (SELECT DISTINCT key, vendor, account FROM facts) AS keys
    CROSS JOIN (SELECT position FROM report_months WHERE currency = $currency) AS months
    LEFT JOIN facts
        ON keys.key = facts.key AND keys.vendor = facts.vendor AND keys.account = facts.account
        AND months.position = facts.position
    GROUP BY ALL
)

SELECT key, vendor, account, list(cents ORDER BY position) AS cents, sum(cents) AS total
FROM grid
GROUP BY key, vendor, account
ORDER BY vendor, account, key <> 'usage', key <> 'tax', key
