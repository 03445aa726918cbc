-- One row per key under which an invoice was issued when it was last listed, by all versions of its document that are
-- there: an audit looks for what a table lost.
-- kept: by invoice
SELECT last_version.invoice_id, last_version.vendor, last_version.account, last_version.identity
FROM intermediate.last_versions AS last_version
CROSS JOIN staging.run
WHERE
    last_version.rejection_reason IS NULL
    AND NOT last_version.is_listed_upcoming
    AND last_version.listed_status <> 'upcoming'
    -- What accrues until its period is over was never issued if it left before.
    AND NOT (
        last_version.listed_status = 'open' AND last_version.accrues_until_period_end
        AND coalesce(last_version.billing_period_end > coalesce(last_version.valid_to, run.started_at), FALSE)
    )
