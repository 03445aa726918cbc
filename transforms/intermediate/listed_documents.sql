-- One row per document that a listing holds now: which invoice it is a document of.
-- kept: by invoice
SELECT vendor, account, listing, document_key, identity, invoice_id
FROM intermediate.identified_documents
WHERE valid_to IS NULL
