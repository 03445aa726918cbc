-- One row per document that no table but rejected_documents holds.
SELECT vendor, account, entity, document_key, reason, strftime(valid_from, '%Y-%m-%d') AS since
FROM rejected_documents
ORDER BY ALL
