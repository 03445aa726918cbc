-- How an amount is read: JSON value → number text → DECIMAL → whole minor units. No float is involved, digits that can't
-- matter are cut rather than rounded (so nothing is rounded twice), and NULL is what can't be read.
-- Each step is a macro for a SELECT of its own: nested in one expression they would be copied into each other.
-- A cast of text inside a CASE must be a TRY_CAST: the engine may cast rows of other branches too, and drop the result.

-- The number in a JSON value: a JSON number of at most 15 significant digits (a longer one may not be what the vendor
-- meant), or a JSON text that holds one, at full length. The first branch is most of what vendors send.
CREATE OR REPLACE MACRO number_text(amount) AS
    CASE
        WHEN regexp_matches(CAST(amount AS VARCHAR), '^-?[0-9]{1,9}([.][0-9]{1,5})?$') THEN CAST(amount AS VARCHAR)
        WHEN NOT regexp_matches(
            ltrim(trim(amount ->> '$'), chr(1)),
            '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$'
        ) THEN NULL
        WHEN starts_with(CAST(amount AS VARCHAR), '"') AND NOT starts_with(amount ->> '$', chr(1))
            THEN trim(amount ->> '$')
        WHEN length(
            trim(replace(regexp_replace(ltrim(amount ->> '$', chr(1) || '-'), '[eE].*$', ''), '.', ''), '0')
        ) <= 15 THEN ltrim(amount ->> '$', chr(1))
    END;

-- A number text without its exponent: 1.5e-3 is 0.0015.
CREATE OR REPLACE MACRO shifted(sign, digits, point) AS
    CASE
        WHEN ltrim(digits, '0') = '' OR point < -30 THEN '0'
        WHEN point > 40 THEN NULL
        WHEN point <= 0 THEN sign || '0.' || repeat('0', -point) || digits
        WHEN point >= length(digits) THEN sign || digits || repeat('0', point - length(digits))
        ELSE sign || left(digits, point) || '.' || substr(digits, point + 1)
    END;

CREATE OR REPLACE MACRO plain_number(number) AS
    CASE
        WHEN NOT regexp_matches(number, '[eE]') THEN number
        ELSE shifted(
            regexp_extract(number, '^-'),
            regexp_replace(regexp_replace(number, '[eE].*$', ''), '[^0-9]', '', 'g'),
            length(regexp_extract(number, '^[+-]?([0-9]*)', 1))
            + TRY_CAST(regexp_extract(number, '[eE]([+-]?[0-9]+)$', 1) AS INTEGER)
        )
    END;

-- How many minor units make the unit that a vendor's amounts are in: 100 for dollars, 1 where they are cents already.
CREATE OR REPLACE MACRO unit_factor(is_major_unit, minor_units_per_unit) AS
    CAST(CASE WHEN is_major_unit THEN minor_units_per_unit ELSE 1 END AS DECIMAL(5, 0));

-- Whole minor units of a number text, rounded half away from zero. `factor` is how many of them make the unit that the
-- number is in: 100 for dollars, 1 for cents or yen. Five decimals decide the rounding, since no currency has more than
-- four. The first branch does in 64 bits what the second does 100 times slower: casting to a wide DECIMAL.
CREATE OR REPLACE MACRO minor_units(number, factor) AS
    CASE
        WHEN regexp_matches(number, '^-?[0-9]{1,8}([.][0-9]{1,5})?$')
            THEN CAST(round(TRY_CAST(number AS DECIMAL(13, 5)) * factor) AS BIGINT)
        ELSE TRY_CAST(
            round(
                TRY_CAST(regexp_replace(plain_number(number), '([.][0-9]{5})[0-9]+$', '\1') AS DECIMAL(33, 5)) * factor
            ) AS BIGINT
        )
    END;

-- A quantity or a unit price: no money, so that a long JSON number is taken as the double that it is; twelve decimals.
CREATE OR REPLACE MACRO short_quantity(number) AS
    CAST(TRY_CAST(left(regexp_extract(number, '^-?[0-9]{1,6}([.][0-9]+)?$'), 20) AS DECIMAL(18, 12)) AS DECIMAL(38, 12));

-- The JSON of a number is its text, that of a text has quotes around it; only the rest is taken out of its JSON.
CREATE OR REPLACE MACRO quantity_of(value) AS
    coalesce(
        short_quantity(CAST(value AS VARCHAR)),
        short_quantity(trim(CAST(value AS VARCHAR), '"')),
        TRY_CAST(ltrim(value ->> '$', chr(1)) AS DECIMAL(38, 12))
    );

-- Versori's {isNegative, integral, fractional}: the fraction counts hundredths (5 is 0.05), the sign is a field of
-- its own. As the JSON text of a decimal; what isn't made of whole numbers and a boolean stays as it is, unreadable.
CREATE OR REPLACE MACRO signed_amount(value) AS
    CASE
        WHEN regexp_matches(value ->> '$.integral', '^[0-9]{1,15}$')
            AND regexp_matches(value ->> '$.fractional', '^[0-9]{1,2}$')
            AND coalesce(value ->> '$.isNegative', 'false') IN ('true', 'false')
            THEN TRY_CAST(
                '"' || CASE WHEN value ->> '$.isNegative' = 'true' THEN '-' ELSE '' END
                || (value ->> '$.integral') || '.' || lpad(value ->> '$.fractional', 2, '0') || '"' AS JSON
            )
        ELSE value
    END;

-- Turso's "formatted price": $ and thousands separators taken out of a text that is one; anything else stays as it is.
CREATE OR REPLACE MACRO formatted_price(value) AS
    CASE
        WHEN regexp_matches(value ->> '$', '^-?[$]?-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)([.][0-9]+)?$')
            THEN TRY_CAST('"' || replace(replace(value ->> '$', '$', ''), ',', '') || '"' AS JSON)
        ELSE value
    END;

-- A line of more than a hundred billion is a slip, and a million of them would no longer add up in 64 bits.
CREATE OR REPLACE MACRO line_amount(cents) AS CASE WHEN abs(cents) < 10000000000000 THEN cents END;

-- Whether rounding to whole minor units took something away from an amount.
CREATE OR REPLACE MACRO has_parts_of_a_minor_unit(number, factor) AS
    CASE
        WHEN NOT regexp_matches(number, '[.eE]') THEN FALSE
        ELSE TRY_CAST(plain_number(number) AS DECIMAL(33, 5)) * factor <> minor_units(number, factor)
    END;
