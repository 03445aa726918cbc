-- One row per version of a raw document, as it was believed at the run's as_of: what later runs found is left out.
-- Every model reads raw documents through this view, so that an as-of answer needs no second set of models.
-- kept: view
SELECT
    '{vendor}' AS vendor,
    account,
    listing,
    document_key,
    readable(document) AS document,
    document AS verbatim,
    version_hash,
    valid_from,
    CASE WHEN valid_to <= run.as_of THEN valid_to END AS valid_to,
    _dlt_load_id AS load_id
FROM {relation}
CROSS JOIN staging.run
WHERE document_key <> '' AND valid_from <= run.as_of
