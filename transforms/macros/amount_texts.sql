-- An amount as people write it, for messages: 123456 cents are 1234.56, and 500 yen are 500.
CREATE OR REPLACE MACRO amount_text(cents, minor_units_per_unit) AS
    CASE WHEN cents < 0 THEN '-' ELSE '' END
    || CAST(abs(CAST(cents AS HUGEINT)) // minor_units_per_unit AS VARCHAR)
    || CASE
        WHEN minor_units_per_unit = 1 THEN ''
        ELSE '.' || lpad(
            CAST(abs(CAST(cents AS HUGEINT)) % minor_units_per_unit AS VARCHAR),
            CAST(length(CAST(minor_units_per_unit AS VARCHAR)) - 1 AS INTEGER),
            '0'
        )
    END;
