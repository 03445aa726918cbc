-- One row per pair of invoices that may be one under two keys, as in intermediate.ranked_successions: an audit names those of
-- which nobody can tell.
-- kept: by invoice
SELECT vendor, account, natural_identity, next_identity, invoice_id, next_invoice_id, is_succession
FROM intermediate.ranked_successions
