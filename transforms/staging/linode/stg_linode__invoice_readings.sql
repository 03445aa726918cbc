-- One row per version of an invoice that Linode listed, under Billhouse's names. There is no status, no currency but in the
-- documentation (USD), and no period: it is the calendar months that the invoice's items touch, as far as they state terms.
-- kept: view
WITH items AS (
    SELECT
        account,
        listing AS document_key,
        unnest(from_json(document -> '$.data', '[{"from": "VARCHAR", "to": "VARCHAR"}]')) AS item
    FROM staging.source_linode__invoice_details
    WHERE valid_to IS NULL
),

months AS (
    SELECT
        account,
        document_key,
        date_trunc('month', CAST(min(moment(stated(item."from"))) AS TIMESTAMP)) AS starts_at,
        -- An end may be the first moment that no longer belongs to it.
        date_trunc('month', CAST(max(moment(stated(item."to"))) AS TIMESTAMP) - INTERVAL 1 SECOND)
        + INTERVAL 1 MONTH AS ends_at
    FROM items
    GROUP BY account, document_key
    HAVING ends_at > starts_at
),

renamed AS (
    SELECT
        invoice.*,
        strftime(months.starts_at, '%Y-%m-%dT00:00:00Z') AS period_start,
        strftime(months.ends_at, '%Y-%m-%dT00:00:00Z') AS period_end,
        stated(invoice.document ->> '$.id') AS invoice_number,
        invoice.document -> '$.total' AS total,
        invoice.document -> '$.subtotal' AS subtotal,
        invoice.document -> '$.tax' AS tax
    FROM staging.source_linode__invoices AS invoice
    LEFT JOIN months ON invoice.account = months.account AND invoice.document_key = months.document_key
)

SELECT
    *,
    FALSE AS is_listed_upcoming,
    'derived' AS billing_period_basis,
    'USD' AS currency,
    'documented' AS currency_basis,
    TRUE AS is_major_unit,
    CASE WHEN minor_units(number_text(total), 100) = 0 THEN 'no_charge' ELSE 'unknown' END AS payment_status
FROM renamed
