-- One row per currency that became the euro: from which day on, and how many of its units were one euro, for ever
-- (Council Regulations (EC) 2866/98, 1478/2000, 1086/2006, …). What ISO 4217 no longer lists is billed by nobody.
-- kept: whole
SELECT 'BGN' AS currency, DATE '2026-01-01' AS first_day, CAST(1.95583 AS DECIMAL(17, 12)) AS fixed_units
UNION ALL
SELECT 'HRK' AS currency, DATE '2023-01-01' AS first_day, CAST(7.53450 AS DECIMAL(17, 12)) AS fixed_units
