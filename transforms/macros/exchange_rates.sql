-- How the ECB's euro reference rates are read. All rates are units of a currency for one euro, with twelve decimals.

-- What a day's row says of a currency. `N/A`, nothing, and what is no positive number are no rate. Five digits before the
-- point keep every product of an amount and a rate within HUGEINT.
CREATE OR REPLACE MACRO published_rate(document, currency) AS
    CASE
        WHEN TRY_CAST(document ->> currency AS DECIMAL(17, 12)) > 0 THEN TRY_CAST(document ->> currency AS DECIMAL(17, 12))
    END;

-- Of a currency that became the euro, the rate was fixed for ever; the ECB publishes no other since.
CREATE OR REPLACE MACRO units_per_euro(document, currency, fixed_units) AS
    CASE
        WHEN currency = 'EUR' THEN CAST(1 AS DECIMAL(17, 12))
        ELSE coalesce(fixed_units, published_rate(document, currency))
    END;

-- A rate as a whole number of its last decimals, so that whole numbers alone are multiplied and divided.
CREATE OR REPLACE MACRO in_last_decimals(units) AS CAST(CAST(units AS DECIMAL(38, 12)) * CAST(1000000000000 AS DECIMAL(13, 0)) AS HUGEINT);

-- What one unit of a currency is in another, of an amount that is stated in both, in minor units: with twelve decimals,
-- rounded half up. None where the two have other signs, or one is nothing.
CREATE OR REPLACE MACRO stated_price_of(cents, minor_units_per_unit, other_cents, other_minor_units_per_unit) AS
    TRY_CAST(
        TRY_CAST(
            CASE
                WHEN sign(cents) * sign(other_cents) > 0 THEN
                    (
                        abs(CAST(other_cents AS HUGEINT)) * minor_units_per_unit * 1000000000000
                        + abs(CAST(cents AS HUGEINT)) * other_minor_units_per_unit // 2
                    ) // (abs(CAST(cents AS HUGEINT)) * other_minor_units_per_unit)
            END AS DECIMAL(17, 0)
        ) * CAST(0.000000000001 AS DECIMAL(12, 12)) AS DECIMAL(17, 12)
    );

-- How many of the one are one of the other, with twelve decimals, rounded half up.
CREATE OR REPLACE MACRO quotient(units, others) AS
    TRY_CAST(
        (in_last_decimals(units) * 1000000000000 + in_last_decimals(others) // 2) // in_last_decimals(others)
        AS DECIMAL(26, 0)
    ) * CAST(0.000000000001 AS DECIMAL(12, 12));
