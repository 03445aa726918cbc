-- Why a document is set aside, in a sentence that shows what stood there (cut, since it may be long).

CREATE OR REPLACE MACRO is_absent(amount) AS coalesce(CAST(amount AS VARCHAR), 'null') = 'null';

CREATE OR REPLACE MACRO unreadable_amount(meaning, amount, cents) AS
    CASE
        WHEN cents IS NULL AND NOT is_absent(amount)
            THEN 'the ' || meaning || ' can''t be read as an amount: '
                || left(replace(CAST(amount AS VARCHAR), '\u0001', ''), 60)
    END;

CREATE OR REPLACE MACRO unreadable_moment(meaning, value, moment) AS
    CASE
        WHEN moment IS NULL AND value IS NOT NULL
            THEN 'the ' || meaning || ' can''t be read as a time: ' || left(value, 60)
    END;

-- A document without what its key is made of is listed as ?, the second one as ?#2.
CREATE OR REPLACE MACRO missing_key(document_key) AS
    CASE
        WHEN document_key = '?' OR document_key LIKE '?#%'
            THEN 'the vendor stated no id and no period that tells this document from others'
    END;
