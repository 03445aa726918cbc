-- One row per document that a listing holds now, and invoice that it is a document of: one, or one a currency.
-- kept: by invoice
SELECT vendor, account, listing, listed_key AS document_key, identity, invoice_id
FROM intermediate.identified_documents
WHERE valid_to IS NULL
