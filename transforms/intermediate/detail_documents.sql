-- One row per document of any vendor that lines are read from, as it came. Where those stand in the listed document itself,
-- or are named there, they stay when it is no longer listed.
-- kept: view
SELECT vendor, account, 'invoice_details' AS entity, listing, document_key, verbatim, valid_from
FROM staging.source_all__invoice_details
WHERE valid_to IS NULL
UNION ALL
SELECT vendor, account, 'line_items' AS entity, listing, document_key, verbatim, valid_from
FROM staging.source_all__line_items
WHERE valid_to IS NULL
UNION ALL
SELECT vendor, account, entity, listing, document_key, verbatim, valid_from
FROM staging.stg_all__counted_documents
