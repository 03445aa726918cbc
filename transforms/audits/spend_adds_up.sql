-- error: marts.spend of an invoice doesn't add up to its lines, or a void invoice is in it
WITH spent AS (
    SELECT invoice_id, currency, count(*) AS parts, sum(amount) AS amount
    FROM marts.spend
    GROUP BY invoice_id, currency
),

billed AS (
    SELECT month.invoice_id, month.currency, count(*) AS parts, sum(month.amount_cents) AS amount_cents
    FROM marts.fct_monthly_spend AS month
    INNER JOIN marts.fct_invoices AS invoice ON month.invoice_id = invoice.invoice_id
    WHERE invoice.payment_status <> 'void'
    GROUP BY month.invoice_id, month.currency
)

SELECT
    coalesce(spent.invoice_id, billed.invoice_id) AS invoice_id,
    coalesce(spent.currency, billed.currency) AS currency,
    billed.amount_cents,
    spent.amount
FROM billed
FULL JOIN spent ON billed.invoice_id = spent.invoice_id AND billed.currency = spent.currency
LEFT JOIN marts.dim_currencies AS currency ON billed.currency = currency.currency
WHERE
    spent.parts IS DISTINCT FROM billed.parts
    OR spent.amount * currency.minor_units_per_unit IS DISTINCT FROM billed.amount_cents
