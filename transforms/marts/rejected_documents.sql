-- One row per document that can't be read and so stands in no other table: what it is, why, and all of its text.
-- kept: whole
WITH rejected AS (
    SELECT
        vendor,
        account,
        'invoices' AS entity,
        listing,
        document_key,
        rejection_reason AS reason,
        rejected_document AS document,
        updated_at AS valid_from
    FROM intermediate.invoices
    WHERE rejection_reason IS NOT NULL
    UNION ALL
    SELECT vendor, account, entity, listing, document_key, reason, document, valid_from
    FROM intermediate.rejected_details
)

SELECT
    vendor, -- the vendor that sent it
    account, -- the account's name in the configuration
    entity, -- what can't be read: invoices, invoice_details, line_items, or what an invoice that stands is made of (product_breakdowns, charges)
    listing, -- the set that it came in: for a detail, the invoice's key
    document_key, -- its key there; ? where it has none
    reason, -- what could not be read, in a sentence
    document, -- the document, verbatim
    valid_from -- when this version was first loaded
FROM rejected
