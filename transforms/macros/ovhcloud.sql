-- How OVHcloud's prices are read: {"currencyCode", "value", "text", "priceInUcents"}. The last is exact, in millionths of a
-- cent; the value is a rounded number, and all there is where the other is null. (An arrow after a macro's parameter would be
-- a lambda's.)

CREATE OR REPLACE MACRO ovhcloud_ucents(price) AS
    TRY_CAST(regexp_extract(price ->> '$.priceInUcents', '^-?[0-9]{1,27}$') AS DECIMAL(28, 0));

CREATE OR REPLACE MACRO ovhcloud_exact(price) AS ovhcloud_ucents(price) * CAST(0.00000001 AS DECIMAL(9, 8));

CREATE OR REPLACE MACRO ovhcloud_amount(price) AS
    coalesce(to_json(CAST(ovhcloud_exact(price) AS VARCHAR)), json_extract(price, '$.value'));

-- Both say the same, but for what the value's rounding takes: less than a hundredth, or a whole unit where there are no
-- hundredths.
CREATE OR REPLACE MACRO ovhcloud_doubt(meaning, price) AS
    CASE
        WHEN abs(ovhcloud_exact(price) - TRY_CAST(number_text(json_extract(price, '$.value')) AS DECIMAL(37, 8)))
            >= CASE WHEN price ->> '$.currencyCode' = 'XOF' THEN 1 ELSE 0.01 END
            THEN 'whether ' || meaning || ' is its value (' || left(price ->> '$.value', 30)
                || ') or its priceInUcents (' || (price ->> '$.priceInUcents') || ') isn''t certain'
    END;

-- Nobody says which sign a refund's amounts have. What comes back is less than nothing in either: where its total isn't,
-- all its amounts are turned.
CREATE OR REPLACE MACRO ovhcloud_is_turned(refund) AS
    NOT starts_with(ovhcloud_amount(json_extract(refund, '$.priceWithTax')) ->> '$', '-');

CREATE OR REPLACE MACRO turned(amount, is_turned) AS
    CASE
        WHEN is_turned AND number_text(amount) IS NOT NULL
            THEN to_json(replace(replace('-' || number_text(amount), '--', ''), '-+', '-'))
        ELSE amount
    END;
