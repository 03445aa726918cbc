-- One row per audit that found rows when what is published was built.
SELECT audit, rows_found, message FROM audit_results ORDER BY audit
