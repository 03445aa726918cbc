-- One row per currency of ISO 4217, and per what a vendor bills in beside them: what turns amount_cents into an amount.
-- kept: whole
SELECT
    currency, -- as in fct_invoices
    minor_units_per_unit, -- how many minor units make one: 100 cents a dollar, 1 for the yen
    CASE minor_units_per_unit
        WHEN 1 THEN CAST(1 AS DECIMAL(5, 4))
        WHEN 100 THEN 0.01
        WHEN 1000 THEN 0.001
        WHEN 10000 THEN 0.0001
    END AS minor_unit, -- what amount_cents is multiplied by to be an amount, exactly: 0.01 for the dollar
    vendors IS NULL AS is_money -- a currency of ISO 4217; else what one vendor bills in, such as credits: no rate converts it, and nobody owes it in money
FROM intermediate.currencies
