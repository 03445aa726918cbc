-- One row per version of a listed document, as in intermediate.invoice_versions, with the invoice that it is a document of.
-- kept: view
SELECT
    version.* EXCLUDE (invoice_id),
    coalesce(known.identity, version.natural_identity) AS identity,
    coalesce(known.invoice_id, version.invoice_id) AS invoice_id
FROM intermediate.invoice_versions AS version
LEFT JOIN intermediate.identities AS known
    ON version.vendor = known.vendor AND version.account = known.account
    AND version.natural_identity = known.natural_identity
