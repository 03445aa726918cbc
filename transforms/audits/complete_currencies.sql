-- error: a currency stands more than once in marts.dim_currencies, or not at all though an amount is in it
WITH used AS (
    SELECT currency FROM marts.fct_invoices
    UNION
    SELECT currency FROM marts.fct_invoice_lines
    UNION
    SELECT currency FROM marts.fct_payments
),

listed AS (
    SELECT currency, count(*) AS times, min(minor_units_per_unit) AS minor_units_per_unit, min(minor_unit) AS minor_unit
    FROM marts.dim_currencies
    GROUP BY currency
)

SELECT coalesce(used.currency, listed.currency) AS currency, listed.times, listed.minor_units_per_unit
FROM used
FULL JOIN listed ON used.currency = listed.currency
WHERE
    listed.times IS DISTINCT FROM 1
    OR listed.minor_units_per_unit IS NULL
    OR listed.minor_units_per_unit NOT IN (1, 100, 1000, 10000)
    OR listed.minor_unit * listed.minor_units_per_unit IS DISTINCT FROM 1
