-- One row per invoice and stretch of time in which the same version of it counted and could be read.
-- kept: scratch
SELECT invoice_id, payment_status, total_cents, valid_from, valid_to
FROM intermediate.counted_versions
WHERE is_readable
