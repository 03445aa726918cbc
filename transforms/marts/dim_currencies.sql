-- One row per currency of ISO 4217: what turns amount_cents into an amount.
-- kept: whole
SELECT
    currency, -- as in fct_invoices
    minor_units_per_unit -- how many minor units make one: 100 cents a dollar, 1 for the yen
FROM intermediate.currencies
