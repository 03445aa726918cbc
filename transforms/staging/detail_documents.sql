-- One row per version of a detail document of any vendor, as it came.
SELECT vendor, account, 'invoice_details' AS entity, listing, document_key, verbatim, valid_from, valid_to
FROM staging.source_all__invoice_details
UNION ALL
SELECT vendor, account, 'line_items' AS entity, listing, document_key, verbatim, valid_from, valid_to
FROM staging.source_all__line_items
