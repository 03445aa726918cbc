-- error: a currency is missing from marts.dim_currencies, stands there twice, or has other minor units than in ISO 4217
WITH decimals AS (
    -- Some of each kind, whatever the table is made of.
    SELECT 1 AS minor_units_per_unit, unnest(string_split('JPY KRW VND CLP ISK XOF', ' ')) AS currency
    UNION ALL
    SELECT 100, unnest(string_split('USD EUR GBP CAD AUD CHF INR CNY BRL', ' '))
    UNION ALL
    SELECT 1000, unnest(string_split('BHD KWD OMR TND', ' '))
),

used AS (
    SELECT currency FROM decimals
    UNION
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
LEFT JOIN decimals ON used.currency = decimals.currency
WHERE
    listed.times IS DISTINCT FROM 1
    OR listed.minor_units_per_unit IS NULL
    OR listed.minor_units_per_unit NOT IN (1, 100, 1000, 10000)
    OR listed.minor_units_per_unit <> decimals.minor_units_per_unit
    OR listed.minor_unit * listed.minor_units_per_unit IS DISTINCT FROM 1
