-- One row per version of a document of any vendor that states lines, as it came. Versori's products stand in the listed
-- document itself.
-- kept: view
SELECT vendor, account, 'invoice_details' AS entity, listing, document_key, verbatim, valid_from, valid_to
FROM staging.source_all__invoice_details
UNION ALL
SELECT vendor, account, 'line_items' AS entity, listing, document_key, verbatim, valid_from, valid_to
FROM staging.source_all__line_items
UNION ALL
SELECT vendor, account, 'product_breakdowns' AS entity, listing, document_key, verbatim, valid_from, valid_to
FROM staging.source_versori__invoices
