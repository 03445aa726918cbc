-- error: the months of a line don't add up to its amount
WITH sums AS (
    SELECT line_id, currency, coalesce(sum(amount_cents), 0) AS amount_cents
    FROM marts.fct_monthly_spend
    GROUP BY line_id, currency
)

SELECT line.line_id, line.invoice_id, line.vendor, line.account, line.amount_cents, sums.amount_cents AS months_cents
FROM marts.fct_invoice_lines AS line
FULL JOIN sums ON line.line_id = sums.line_id AND line.currency = sums.currency
WHERE line.line_id IS NULL OR coalesce(line.amount_cents, 0) IS DISTINCT FROM sums.amount_cents
