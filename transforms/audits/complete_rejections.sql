-- error: a detail that is set aside is missing from marts.rejected_documents, stands there twice, or without a reason
WITH rejected AS (
    SELECT vendor, account, entity, listing, document_key, count(*) AS documents, count(reason) AS reasons
    FROM marts.rejected_documents
    GROUP BY vendor, account, entity, listing, document_key
)

SELECT
    coalesce(detail.vendor, rejected.vendor) AS vendor,
    coalesce(detail.account, rejected.account) AS account,
    coalesce(detail.entity, rejected.entity) AS entity,
    coalesce(detail.listing, rejected.listing) AS listing,
    coalesce(detail.document_key, rejected.document_key) AS document_key,
    rejected.documents
FROM rejected
FULL JOIN intermediate.rejected_details AS detail
    ON rejected.vendor = detail.vendor AND rejected.account = detail.account AND rejected.entity = detail.entity
    AND rejected.listing = detail.listing AND rejected.document_key = detail.document_key
WHERE
    rejected.documents IS DISTINCT FROM 1
    OR rejected.reasons = 0
    OR (rejected.entity <> 'invoices' AND detail.document_key IS NULL)
