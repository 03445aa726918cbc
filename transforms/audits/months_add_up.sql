-- error: the months of a line don't add up to its amount
WITH sums AS (
    SELECT line_id, sum(amount_cents) AS amount_cents
    FROM marts.fct_monthly_spend
    GROUP BY line_id
)

SELECT line.line_id, line.invoice_id, line.vendor, line.account, line.amount_cents, sums.amount_cents AS months_cents
FROM marts.fct_invoice_lines AS line
FULL JOIN sums ON line.line_id = sums.line_id
WHERE line.line_id IS NULL OR line.amount_cents IS DISTINCT FROM sums.amount_cents
