-- One row per version of an invoice that Scaleway listed, under Billhouse's names. The number is 0 until it is issued.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        nullif(document ->> '$.number', '0') AS invoice_number,
        stated(document ->> '$.start_date') AS period_start,
        stated(document ->> '$.stop_date') AS period_end,
        stated(document ->> '$.total_taxed.currency_code') AS currency,
        units_and_nanos(document -> '$.total_taxed') AS total,
        units_and_nanos(document -> '$.total_undiscount') AS subtotal,
        units_and_nanos(document -> '$.total_tax') AS tax,
        -- Scaleway's are negative.
        negated_units_and_nanos(document -> '$.total_discount') AS discount,
        stated(document ->> '$.due_date') AS due,
        lower(stated(document ->> '$.state')) AS vendor_status,
        document ->> '$.type' = 'credit_note' AS is_credit_note,
        whole_nanos(document -> '$.total_taxed') AS nanos
    FROM staging.source_scaleway__invoices
)

SELECT
    * EXCLUDE (is_credit_note, nanos),
    FALSE AS is_listed_upcoming,
    'stated' AS billing_period_basis,
    'stated' AS currency_basis,
    TRUE AS is_major_unit,
    CASE
        WHEN vendor_status = 'draft' THEN 'upcoming'
        WHEN vendor_status = 'outdated' THEN 'void'
        WHEN vendor_status = 'paid' THEN 'paid'
        -- One of nothing stays stopped, or issued, for ever.
        WHEN vendor_status IN ('stopped', 'issued', 'incomplete') AND nanos = 0 THEN 'no_charge'
        WHEN vendor_status = 'stopped' THEN 'upcoming'
        WHEN vendor_status IN ('issued', 'incomplete') THEN 'open'
        ELSE 'unknown'
    END AS payment_status,
    CASE
        WHEN is_credit_note AND nanos > 0 THEN
            'whether a credit note of a positive amount adds to what is billed or takes from it isn''t said'
    END AS doubt
FROM renamed
