-- One row per unit beside dollars that CockroachDB Cloud bills in: the one that its specification names, and the one that the
-- newest clients do. Nobody says how many decimals a credit has; two are what a dollar has.
-- kept: view
SELECT
    'cockroachdb' AS vendor,
    unnest(['CRDB_CLOUD_CREDITS', 'COCKROACH_CREDITS']) AS currency,
    100 AS minor_units_per_unit
