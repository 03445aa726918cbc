-- One row per version of an invoice that MongoDB listed, under Billhouse's names. All amounts are whole US cents,
-- which only the documentation says.
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.id') AS invoice_number,
        stated(document ->> '$.startDate') AS period_start,
        stated(document ->> '$.endDate') AS period_end,
        stated(coalesce(document ->> '$.statusName', document ->> '$.status')) AS vendor_status,
        document -> '$.amountBilledCents' AS total,
        document -> '$.subtotalCents' AS subtotal,
        document -> '$.salesTaxCents' AS tax,
        document -> '$.creditsCents' AS credit,
        document -> '$.startingBalanceCents' AS starting_balance,
        document -> '$.amountPaidCents' AS paid
    FROM staging.source_mongodb__invoices
)

SELECT
    *,
    document_key AS identity,
    FALSE AS is_listed_upcoming,
    'stated' AS billing_period_basis,
    'USD' AS currency,
    'documented' AS currency_basis,
    FALSE AS is_major_unit,
    CASE upper(vendor_status)
        WHEN 'PENDING' THEN 'upcoming'
        WHEN 'CLOSED' THEN 'open'
        WHEN 'INVOICED' THEN
            CASE
                WHEN TRY_CAST(document ->> '$.amountPaidCents' AS DECIMAL(18, 0))
                    >= TRY_CAST(document ->> '$.amountBilledCents' AS DECIMAL(18, 0)) THEN 'paid'
                ELSE 'open'
            END
        WHEN 'FAILED' THEN 'failed'
        WHEN 'PAID' THEN 'paid'
        WHEN 'CHARGE_FAILED' THEN 'failed'
        WHEN 'FREE' THEN 'no_charge'
        WHEN 'PREPAID' THEN 'no_charge'
        WHEN 'FORGIVEN' THEN 'written_off'
        ELSE 'unknown'
    END AS payment_status
FROM renamed
