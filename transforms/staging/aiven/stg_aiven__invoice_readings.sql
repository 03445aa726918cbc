-- One row per version of an invoice that Aiven listed, under Billhouse's names: of its organizations' API, or of the
-- older one by billing groups. Aiven's prices are in dollars: an invoice in another currency states both.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.invoice_number') AS invoice_number,
        stated(coalesce(document ->> '$.invoice_period.begin_time', document ->> '$.period_begin')) AS period_start,
        stated(coalesce(document ->> '$.invoice_period.end_time', document ->> '$.period_end')) AS period_end,
        stated(document ->> '$.currency') AS currency,
        coalesce(document -> '$.total', document -> '$.total_inc_vat') AS total,
        coalesce(document -> '$.net', document -> '$.total_vat_zero') AS subtotal,
        document -> '$.total_usd' AS other_total,
        end_of_day(stated(document ->> '$.due_date')) AS due,
        stated(document ->> '$.state') AS vendor_status
    FROM staging.source_aiven__invoices
)

SELECT
    *,
    FALSE AS is_listed_upcoming,
    'stated' AS billing_period_basis,
    'stated' AS currency_basis,
    TRUE AS is_major_unit,
    TRUE AS is_rest_tax,
    'USD' AS other_currency,
    CASE vendor_status
        WHEN 'estimate' THEN 'upcoming'
        WHEN 'estimate_only_project_charges_calculated' THEN 'upcoming'
        WHEN 'mailed' THEN 'open'
        WHEN 'due' THEN 'open'
        WHEN 'due_only_project_charges_calculated' THEN 'open'
        WHEN 'failed_credit_card_charge' THEN 'failed'
        WHEN 'failed_no_credit_card' THEN 'failed'
        WHEN 'paid' THEN 'paid'
        -- Somebody else bills it, such as a cloud's marketplace.
        WHEN 'no_payment_expected' THEN 'no_charge'
        WHEN 'partner_metering' THEN 'no_charge'
        WHEN 'uncollectible' THEN 'written_off'
        WHEN 'waived' THEN 'written_off'
        -- Its amounts are on another invoice.
        WHEN 'consolidated' THEN 'void'
        ELSE 'unknown'
    END AS payment_status
FROM renamed
