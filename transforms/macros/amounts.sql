-- How an amount is read: JSON value → number text → DECIMAL → whole minor units. No float is involved, digits that can't
-- matter are cut rather than rounded (so nothing is rounded twice), and NULL is what can't be read.
-- Each step is a macro for a SELECT of its own: nested in one expression they would be copied into each other.
-- A cast of text inside a CASE must be a TRY_CAST: the engine may cast rows of other branches too, and drop the result.

-- The number in a JSON value, be it a JSON number or a JSON text that holds one, at full length: `readable` has put those
-- numbers in quotes that the engine would have changed. The first branch is most of what vendors send.
CREATE OR REPLACE MACRO is_number(value) AS
    regexp_matches(value, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?0{0,3}[0-9]{1,3})?$');

CREATE OR REPLACE MACRO number_text(amount) AS
    CASE
        WHEN regexp_matches(CAST(amount AS VARCHAR), '^-?[0-9]{1,9}([.][0-9]{1,5})?$') THEN CAST(amount AS VARCHAR)
        WHEN is_number(trim(amount ->> '$', e' \t\r\n')) THEN trim(amount ->> '$', e' \t\r\n')
    END;

-- Servers send null, nothing or an empty text for an amount that they don't have.
CREATE OR REPLACE MACRO is_absent(amount) AS
    coalesce(CAST(amount AS VARCHAR), 'null') = 'null'
    OR (left(CAST(amount AS VARCHAR), 2) IN ('""', '" ', '"\') AND trim(amount ->> '$', e' \t\r\n') = '');

-- A number text without its exponent: 1.5e-3 is .0015. The zeros that it takes are put around the digits first.
CREATE OR REPLACE MACRO with_point(digits, place) AS left(digits, place) || '.' || substr(digits, place + 1);

CREATE OR REPLACE MACRO shifted(sign, digits, point) AS
    sign || with_point(repeat('0', -point) || digits || repeat('0', point - length(digits)), greatest(point, 0));

CREATE OR REPLACE MACRO plain_number(number) AS
    CASE
        WHEN NOT regexp_matches(number, '[eE]') THEN number
        ELSE shifted(
            regexp_extract(number, '^-'),
            regexp_replace(number, '[eE].*$|[^0-9]', '', 'g'),
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

-- How much one amount of an invoice may be, and a line of it, in minor units: a million times a billion dollars, and a
-- hundred billion. More is a slip, and what the marts add, subtract and multiply would no longer fit.
CREATE OR REPLACE MACRO invoice_amount(cents) AS
    CASE WHEN cents BETWEEN -100000000000000000 AND 100000000000000000 THEN cents END;

CREATE OR REPLACE MACRO line_amount(cents) AS CASE WHEN cents BETWEEN -10000000000000 AND 10000000000000 THEN cents END;

-- A quantity or a unit price, with twelve decimals.
CREATE OR REPLACE MACRO short_quantity(number) AS
    CAST(TRY_CAST(left(regexp_extract(number, '^-?[0-9]{1,6}([.][0-9]+)?$'), 21) AS DECIMAL(18, 12)) AS DECIMAL(38, 12));

-- The exponent is taken out first: the engine's cast of one may give 39 digits, more than the type has.
CREATE OR REPLACE MACRO long_quantity(number) AS
    CASE WHEN is_number(number) THEN TRY_CAST(plain_number(number) AS DECIMAL(38, 12)) END;

-- The JSON of a number is its text, that of a text has quotes around it; only the rest is taken out of its JSON.
CREATE OR REPLACE MACRO quantity_of(value) AS
    coalesce(
        short_quantity(CAST(value AS VARCHAR)),
        short_quantity(trim(CAST(value AS VARCHAR), '"')),
        long_quantity(trim(value ->> '$', e' \t\r\n'))
    );

-- Versori's {isNegative, integral, fractional}: the fraction counts hundredths (5 is 0.05), the sign is a field of
-- its own. As the JSON text of a decimal; what isn't made of whole numbers and a boolean stays as it is, unreadable, and so
-- do parts of opposite signs. One part alone may be left out.
CREATE OR REPLACE MACRO whole_part(value) AS
    CASE
        WHEN value IS NULL THEN 0
        WHEN regexp_matches(value, '^-?[0-9]{1,18}([.]0+)?$')
            THEN TRY_CAST(value AS HUGEINT)
    END;

CREATE OR REPLACE MACRO signed_text(is_negative, hundredths) AS
    CASE WHEN is_negative THEN '-' ELSE '' END
    || CAST(abs(hundredths) // 100 AS VARCHAR) || '.' || lpad(CAST(abs(hundredths) % 100 AS VARCHAR), 2, '0');

CREATE OR REPLACE MACRO signed_amount(value) AS
    CASE
        WHEN coalesce(value ->> '$.integral', value ->> '$.fractional') IS NOT NULL
            AND whole_part(value ->> '$.integral') * whole_part(value ->> '$.fractional') >= 0
            AND coalesce(value ->> '$.isNegative', 'false') IN ('true', 'false')
            THEN to_json(
                signed_text(
                    value ->> '$.isNegative' = 'true'
                    OR whole_part(value ->> '$.integral') + whole_part(value ->> '$.fractional') < 0,
                    whole_part(value ->> '$.integral') * 100 + whole_part(value ->> '$.fractional')
                )
            )
        ELSE value
    END;

-- Units and nanos, billionths of one, both with the same sign: -1.75 are -1 and -750000000. In whole billionths; null where
-- the two contradict each other, or are no whole numbers. One of them alone may be left out.
CREATE OR REPLACE MACRO whole_nanos(value) AS
    CASE
        WHEN coalesce(value ->> '$.units', value ->> '$.nanos') IS NOT NULL
            AND whole_part(value ->> '$.units') * whole_part(value ->> '$.nanos') >= 0
            AND abs(whole_part(value ->> '$.nanos')) < 1000000000
            THEN whole_part(value ->> '$.units') * 1000000000 + whole_part(value ->> '$.nanos')
    END;

-- As the JSON text of a decimal; what isn't so stays as it is, unreadable.
CREATE OR REPLACE MACRO nanos_amount(value, nanos) AS
    CASE
        WHEN nanos IS NULL THEN value
        ELSE to_json(
            CASE WHEN nanos < 0 THEN '-' ELSE '' END
            || CAST(abs(nanos) // 1000000000 AS VARCHAR) || '.'
            || lpad(CAST(abs(nanos) % 1000000000 AS VARCHAR), 9, '0')
        )
    END;

CREATE OR REPLACE MACRO units_and_nanos(value) AS nanos_amount(value, whole_nanos(value));

CREATE OR REPLACE MACRO negated_units_and_nanos(value) AS nanos_amount(value, -whole_nanos(value));

-- Turso's "formatted price": $ and thousands separators taken out of a text that is one; anything else stays as it is.
CREATE OR REPLACE MACRO formatted_price(value) AS
    CASE
        WHEN regexp_matches(
            value ->> '$', '^[[:space:]]*[+-]?[$]?[ ]?-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?([.][0-9]+)?[[:space:]]*$'
        ) THEN to_json(regexp_replace(value ->> '$', '[$, ]', '', 'g'))
        ELSE value
    END;

-- Whether rounding to whole minor units took something away from an amount.
CREATE OR REPLACE MACRO has_parts_of_a_minor_unit(number, factor) AS
    CASE
        WHEN NOT regexp_matches(number, '[.eE]') THEN FALSE
        ELSE TRY_CAST(number AS DECIMAL(33, 5)) * factor <> minor_units(number, factor)
    END;
