-- Why a document is set aside, in a sentence that shows what stood there (cut, since it may be long).

CREATE OR REPLACE MACRO unreadable_amount(meaning, amount, number, cents) AS
    CASE
        WHEN cents IS NULL AND NOT is_absent(amount)
            THEN 'the ' || meaning || ' can''t be read as an amount: '
                || coalesce(left(number, 60) || ' is too large', left(CAST(amount AS VARCHAR), 60))
    END;

CREATE OR REPLACE MACRO unknown_currency(meaning, currency, is_known) AS
    CASE WHEN NOT is_known THEN 'the currency' || meaning || ' is not in ISO 4217: ' || left(currency, 60) END;

-- A time decides no amount: one that can't be read is left out and told, and its invoice stands.
CREATE OR REPLACE MACRO unread_time(meaning, value, moment) AS
    CASE WHEN moment IS NULL AND NOT is_absent_time(value) THEN meaning || ': ' || left(value, 60) END;

-- A document without what its key is made of is listed as ?, the second one as ?#2.
CREATE OR REPLACE MACRO missing_key(document_key) AS
    CASE
        WHEN document_key = '?' OR document_key LIKE '?#%'
            THEN 'the vendor stated no id and no period that tells this document from others'
    END;
