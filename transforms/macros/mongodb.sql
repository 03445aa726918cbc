-- The lists inside a MongoDB invoice's detail, each field as the text that came.

-- Details are long, up to megabytes: only one with such a number in a field that is read is gone through for it.
CREATE OR REPLACE MACRO mongodb_document(verbatim) AS
    CASE
        WHEN NOT json_valid(verbatim) THEN NULL
        WHEN regexp_matches(verbatim, 'Cents"[[:space:]]*:[[:space:]]*-?[0-9](?:[0-9.]{15}|[0-9.]*[eE])')
            OR regexp_matches(verbatim, 'quantity"[[:space:]]*:[[:space:]]*-?[0-9](?:[0-9.]{15}|[0-9.]*[eE])')
            OR regexp_matches(verbatim, 'unitPrice(?:Dollars)?"[[:space:]]*:[[:space:]]*-?[0-9](?:[0-9.]{15}|[0-9.]*[eE])')
            THEN with_quoted_numbers(verbatim)
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
    "payments": [{
        "id": "VARCHAR", "statusName": "VARCHAR", "currency": "VARCHAR", "unitPrice": "JSON", "amountBilledCents": "JSON",
        "salesTaxCents": "JSON", "amountPaidCents": "JSON", "created": "VARCHAR"
    }],
    "refunds": [{"paymentId": "VARCHAR", "amountCents": "JSON", "created": "VARCHAR"}]
}');

-- Whether a SKU (ATLAS_SUPPORT_CREDITS) has the word, with one of these endings. The pattern is tried where the letters are.
CREATE OR REPLACE MACRO has_word(sku, word, ending) AS
    (contains(sku, word) AND regexp_matches(sku, '(^|[_ ])' || word || ending || '($|[_ ])'));
