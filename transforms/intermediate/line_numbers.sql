-- One row per line: which one it is of those that its invoice has under the same natural key. Only what tells them apart
-- goes through the window; the lines themselves are long.
-- kept: scratch
SELECT
    rowid AS line,
    row_number() OVER (
        -- The hash stands for the key, which is long too: two keys of one hash only share their counting.
        PARTITION BY invoice_id, md5_number_lower(natural_key)
        ORDER BY amount_cents, quantity, unit_price, tags
    ) AS number
FROM intermediate.line_amounts
