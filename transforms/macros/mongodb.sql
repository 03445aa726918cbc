-- The lists inside a MongoDB invoice's detail, each field as the text that came.

-- Only a long amount needs the slow reading of a whole document that keeps every digit; a quantity may be a double.
CREATE OR REPLACE MACRO mongodb_document(verbatim) AS
    CASE
        WHEN NOT json_valid(verbatim) THEN NULL
        WHEN regexp_matches(verbatim, 'Cents"[[:space:]]*:[[:space:]]*-?[0-9.]{17}') THEN readable(verbatim)
        ELSE verbatim
    END;

CREATE OR REPLACE MACRO mongodb_lists(document) AS from_json(document, '{
    "amountBilledCents": "JSON",
    "lineItems": [{
        "sku": "VARCHAR", "note": "VARCHAR", "unit": "VARCHAR", "quantity": "JSON", "unitPriceDollars": "JSON",
        "totalPriceCents": "JSON", "discountCents": "JSON", "groupId": "VARCHAR", "groupName": "VARCHAR",
        "clusterName": "VARCHAR", "stitchAppName": "VARCHAR", "cloudProvider": "VARCHAR", "tags": "VARCHAR",
        "tierLowerBound": "VARCHAR", "startDate": "VARCHAR", "endDate": "VARCHAR"
    }],
    "payments": [{"id": "VARCHAR", "statusName": "VARCHAR", "amountPaidCents": "JSON", "created": "VARCHAR"}],
    "refunds": [{"paymentId": "VARCHAR", "amountCents": "JSON", "created": "VARCHAR"}]
}');

-- Whether a SKU (ATLAS_SUPPORT_CREDITS) has the word, with one of these endings. The pattern is tried where the letters are.
CREATE OR REPLACE MACRO has_word(sku, word, ending) AS
    (contains(sku, word) AND regexp_matches(sku, '(^|[_ ])' || word || ending || '($|[_ ])'));
