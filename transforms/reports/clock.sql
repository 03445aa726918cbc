-- One row: when the newest load began that brought an account whole; where none did, the newest.
SELECT coalesce(
    arg_max(started_at, run_number) FILTER (WHERE outcome = 'ok'),
    arg_max(started_at, run_number)
) AS loaded_at
FROM load_results
