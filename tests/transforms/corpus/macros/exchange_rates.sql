-- What a unit costs, of two totals in minor units: dollars and cents, yen, and dinars of a thousand.
SELECT cents, per_unit, other_cents, other_per_unit, stated_price_of(cents, per_unit, other_cents, other_per_unit) AS price
FROM (
    VALUES
        (10000, 100, 9000, 100),
        (300, 100, 100, 100),
        (300, 100, 200, 100),
        (700, 100, 400, 100),
        (-300, 100, -200, 100),
        (300, 100, -200, 100),
        (-300, 100, 200, 100),
        (700, 100, 1, 1),
        (15, 1, 700, 100),
        (1300, 1000, 700, 100),
        (3, 100, 1, 1000),
        (0, 100, 5, 100),
        (5, 100, 0, 100),
        (0, 100, 0, 100),
        (99999999999999999, 100, 77777777777777777, 100),
        (1, 100, 99999999999999999, 100)
) AS totals (cents, per_unit, other_cents, other_per_unit)
ORDER BY ALL
