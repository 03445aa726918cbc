-- An account failed in its newest run. It is told once until a run loads it whole again.
SELECT
    vendor || '/' || account AS alert_key,
    vendor || ' ' || account || ' could not be loaded: ' || coalesce(error, 'no reason is known') AS message
FROM marts.load_results
QUALIFY row_number() OVER (PARTITION BY vendor, account ORDER BY run_number DESC) = 1 AND outcome = 'failed'
