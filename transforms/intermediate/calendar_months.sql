-- One row per calendar month that can be billed for: its first moment, and the first after it, in UTC.
-- kept: whole
SELECT
    CAST(month AS DATE) AS month,
    month AT TIME ZONE 'UTC' AS starts_at,
    (month + INTERVAL 1 MONTH) AT TIME ZONE 'UTC' AS ends_at
FROM (
    SELECT unnest(generate_series(TIMESTAMP '1969-12-01', TIMESTAMP '2201-01-01', INTERVAL 1 MONTH)) AS month
)
