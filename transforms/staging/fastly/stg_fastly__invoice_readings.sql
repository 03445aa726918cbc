-- One row per version of an invoice that Fastly listed, under Billhouse's names. There is no status. The month to date, which
-- states no currency, becomes the issued invoice of its month, and is in the currency of the account's newest one till then.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.invoice_id') AS invoice_number,
        stated(document ->> '$.billing_start_date') AS period_start,
        -- The midnight that begins the last day, or that ends it: as a date, either is told from the other.
        regexp_replace(stated(document ->> '$.billing_end_date'), '^(.{10})T00:00:00([.]0+)?Z$', '\1') AS period_end,
        stated(document ->> '$.currency_code') AS stated_currency,
        document -> '$.monthly_transaction_amount' AS total,
        listing = 'upcoming' AS is_listed_upcoming
    FROM staging.source_fastly__invoices
),

usual AS (
    SELECT
        account,
        arg_max(
            stated(document ->> '$.currency_code'),
            row(document ->> '$.billing_end_date', valid_from, document_key)
        ) AS usual_currency
    FROM staging.whole_fastly__invoices
    GROUP BY account
),

priced AS (
    SELECT renamed.*, usual.usual_currency
    FROM renamed
    LEFT JOIN usual USING (account)
)

SELECT
    * EXCLUDE (stated_currency, usual_currency),
    is_listed_upcoming AS is_known_by_period,
    'stated' AS billing_period_basis,
    CASE
        WHEN is_listed_upcoming THEN coalesce(stated_currency, usual_currency, 'USD')
        ELSE stated_currency
    END AS currency,
    CASE WHEN stated_currency IS NULL THEN 'assumed' ELSE 'stated' END AS currency_basis,
    TRUE AS is_major_unit,
    CASE
        WHEN is_listed_upcoming THEN 'upcoming'
        WHEN minor_units(number_text(total), 100) = 0 THEN 'no_charge'
        ELSE 'unknown'
    END AS payment_status
FROM priced
