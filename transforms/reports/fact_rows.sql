-- One row per month of the report, vendor, account and category with something in $currency. Amounts are texts: what a script
-- reads as a number would be rounded.
SELECT position, vendor, account, category, CAST(cents AS VARCHAR) AS cents
FROM report_facts
WHERE currency = $currency
ORDER BY ALL
