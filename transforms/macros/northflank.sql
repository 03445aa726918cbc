-- Which of Northflank's contracts a document follows: one has decimal units, the earlier ones have cents.
CREATE OR REPLACE MACRO northflank_has_decimals(document) AS
    coalesce(document ->> '$.status', document ->> '$.paas', document ->> '$.byoc') IS NOT NULL;

CREATE OR REPLACE MACRO northflank_has_cents(document) AS
    coalesce(document ->> '$.paid', document ->> '$.paasUsage', document ->> '$.byocUsage') IS NOT NULL
    OR stated(document ->> '$.id') IS NULL;

-- A factor of 100 is never guessed.
CREATE OR REPLACE MACRO northflank_doubt(has_decimals, has_cents) AS
    CASE
        WHEN has_decimals AND has_cents
            THEN 'the unit of its amounts is not certain: it has fields of the contracts in decimals and in cents'
        WHEN NOT has_decimals AND NOT has_cents
            THEN 'the unit of its amounts is not certain: none of status, paas, byoc, paid, paasUsage, byocUsage tells'
    END;
