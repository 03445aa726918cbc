-- What a payment comes to in the currency that it was paid in. MongoDB states hundredths of what it bills in; a unit price
-- turns them into hundredths of the payment's own currency. The engine multiplies in 64 bits where neither factor has more
-- than 18 digits, so that the amounts come as DECIMAL(19, 0).

-- How many minor units of the currency make a hundredth of it: 1 for cents, 0.01 for yen.
CREATE OR REPLACE MACRO hundredth_factor(minor_units_per_unit) AS
    CASE minor_units_per_unit
        WHEN 1 THEN CAST(0.01 AS DECIMAL(5, 2))
        WHEN 1000 THEN CAST(10 AS DECIMAL(5, 2))
        WHEN 10000 THEN CAST(100 AS DECIMAL(5, 2))
        ELSE CAST(1 AS DECIMAL(5, 2))
    END;

-- Hundredths as a vendor states them, of a number text.
CREATE OR REPLACE MACRO hundredths(number) AS CAST(invoice_amount(minor_units(number, 1)) AS DECIMAL(19, 0));

-- An absent price is 1, one that can't be read null.
CREATE OR REPLACE MACRO unit_price_of(value, number) AS
    CASE WHEN is_absent(value) THEN CAST(1 AS DECIMAL(15, 9)) ELSE TRY_CAST(number AS DECIMAL(15, 9)) END;

-- Whole hundredths of the payment's currency, before they are rounded to its minor units. What already equals that product
-- is in the payment's currency; tax isn't multiplied.
CREATE OR REPLACE MACRO own_hundredths(paid, billed, tax, price) AS
    CASE
        WHEN paid = round(billed * price, 0) OR paid = round(billed * price, 0) + tax THEN paid * CAST(1 AS DECIMAL(15, 9))
        WHEN paid = billed + tax THEN billed * price + tax
        ELSE paid * price
    END;

CREATE OR REPLACE MACRO own_minor_units(paid, billed, tax, price, factor) AS
    invoice_amount(TRY_CAST(round(own_hundredths(paid, billed, tax, price) * factor, 0) AS BIGINT));
