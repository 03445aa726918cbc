-- Which of Northflank's contracts a document follows: one has decimal units, the earlier ones have cents.
CREATE OR REPLACE MACRO states_one_of(document, paths) AS
    list_any_value(json_extract_string(document, paths)) IS NOT NULL;

CREATE OR REPLACE MACRO northflank_has_decimals(document) AS
    states_one_of(document, ['$.status', '$.paas', '$.byoc', '$.egressIp', '$.loadBalancer', '$.scope']);

CREATE OR REPLACE MACRO northflank_has_cents(document) AS
    states_one_of(document, ['$.paid', '$.paasUsage', '$.byocUsage']) OR stated(document ->> '$.id') IS NULL;

-- A factor of 100 is never guessed.
CREATE OR REPLACE MACRO northflank_doubt(has_decimals, has_cents) AS
    CASE
        WHEN has_decimals AND has_cents
            THEN 'the unit of its amounts is not certain: it has fields of the contracts in decimals and in cents'
        WHEN NOT has_decimals AND NOT has_cents
            THEN 'the unit of its amounts is not certain: none of status, paas, byoc, egressIp, loadBalancer, scope, paid, '
                || 'paasUsage, byocUsage tells'
    END;
