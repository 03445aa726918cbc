-- One row per version of an invoice that Versori listed, under Billhouse's names. Versori gives an invoice no id and
-- no payment status.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.invoiceStartDate') AS period_start,
        stated(document ->> '$.invoiceEndDate') AS period_end,
        coalesce(stated(document ->> '$.totalAmount.currencyCode'), stated(document ->> '$.currencyCode')) AS currency,
        upper(stated(document ->> '$.currencyCode')) AS outer_currency,
        listing = 'upcoming' AS is_listed_upcoming,
        signed_amount(document -> '$.totalAmount') AS total
    FROM staging.source_versori__invoices
)

SELECT
    * EXCLUDE (outer_currency),
    TRUE AS is_known_by_period,
    'stated' AS billing_period_basis,
    'stated' AS currency_basis,
    TRUE AS is_major_unit,
    stated(document ->> '$.invoiceURL') AS invoice_url,
    CASE WHEN is_listed_upcoming THEN 'upcoming' ELSE 'unknown' END AS payment_status,
    CASE
        WHEN outer_currency <> upper(currency) THEN
            'the invoice''s currencyCode ' || outer_currency || ' is not its total''s, ' || currency
    END AS doubt
FROM renamed
