-- Units and billionths, as they are sent.
SELECT given, units_and_nanos(CAST(given AS JSON)) AS amount, negated_units_and_nanos(CAST(given AS JSON)) AS negated
FROM (
    VALUES
        ('{"units": 12, "nanos": 50000000}'),
        ('{"units": -1, "nanos": -750000000}'),
        ('{"units": 1, "nanos": -750000000}'),
        ('{"units": 0, "nanos": 0}'),
        ('{"units": 3}'),
        ('{"nanos": 1}'),
        ('{"units": 0, "nanos": 999999999}'),
        ('{"units": 0, "nanos": 1000000000}'),
        ('{"units": 0, "nanos": -1000000000}'),
        ('{"units": 1.5, "nanos": 0}'),
        ('{}'),
        ('"12.05"')
) AS amounts (given)
ORDER BY given;

-- What a server sends instead of an amount that it doesn't have.
SELECT given, is_absent(CAST(given AS JSON)) AS is_absent
FROM (VALUES ('null'), ('""'), ('" "'), ('" 5"'), ('"\t"'), ('"\t5"'), ('"\u00245"'), ('0'), ('"0"'), (NULL)) AS amounts (given)
ORDER BY given
