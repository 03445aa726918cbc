-- One row per document that can't be read and so stands in no other table: what it is, why, and all of its text.
SELECT
    vendor, -- the vendor that sent it
    account, -- the account's name in the configuration
    'invoices' AS entity, -- what the document is
    listing, -- the set that it came in
    document_key, -- its key there; ? where it has none
    rejection_reason AS reason, -- what could not be read, in a sentence
    rejected_document AS document, -- the document, verbatim
    updated_at AS valid_from -- when this version was first loaded
FROM staging.invoices
WHERE rejection_reason IS NOT NULL
