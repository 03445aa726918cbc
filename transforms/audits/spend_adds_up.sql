-- error: marts.spend of an invoice doesn't add up to its lines, a void one is in it, or estimates are others than upcoming ones
WITH spent AS (
    SELECT invoice_id, currency, count(*) AS parts, sum(amount) AS amount, count_if(is_estimate) AS estimates
    FROM marts.spend
    GROUP BY invoice_id, currency
),

billed AS (
    SELECT
        month.invoice_id,
        month.currency,
        count(*) AS parts,
        sum(month.amount_cents) AS amount_cents,
        count_if(invoice.payment_status = 'upcoming') AS upcoming_parts
    FROM marts.fct_monthly_spend AS month
    INNER JOIN marts.fct_invoices AS invoice ON month.invoice_id = invoice.invoice_id
    WHERE invoice.payment_status <> 'void'
    GROUP BY month.invoice_id, month.currency
)

SELECT
    coalesce(spent.invoice_id, billed.invoice_id) AS invoice_id,
    coalesce(spent.currency, billed.currency) AS currency,
    billed.amount_cents,
    spent.amount,
    spent.estimates
FROM billed
FULL JOIN spent ON billed.invoice_id = spent.invoice_id AND billed.currency = spent.currency
LEFT JOIN marts.dim_currencies AS currency ON billed.currency = currency.currency
WHERE
    spent.parts IS DISTINCT FROM billed.parts
    OR spent.estimates IS DISTINCT FROM billed.upcoming_parts
    OR spent.amount * currency.minor_units_per_unit IS DISTINCT FROM billed.amount_cents
