-- One row per version of a bill or refund that OVHcloud listed, under Billhouse's names. A document is of several answers:
-- the bill or refund, its entries, its debt and its payment, each as it came; null is one that OVHcloud doesn't have. The
-- period is that of the entries, where all of them have one.
-- kept: view
WITH answers AS (
    SELECT
        *,
        coalesce(document -> '$.bill', document -> '$.refund') AS bill,
        document -> '$.refund' AS refund,
        document ->> '$.debt.status' AS vendor_status,
        document ->> '$.details[*].periodStart' AS starts,
        document ->> '$.details[*].periodEnd' AS ends,
        json_array_length(document -> '$.details') AS entries,
        list_count(starts) = entries AND list_count(ends) = entries AS has_periods
    FROM staging.source_ovhcloud__invoices
),

renamed AS (
    SELECT
        * EXCLUDE (bill, refund, starts, ends, entries, has_periods),
        coalesce(stated(bill ->> '$.billId'), stated(bill ->> '$.refundId')) AS invoice_number,
        CASE WHEN has_periods THEN stated(list_min(starts)) END AS period_start,
        CASE WHEN has_periods THEN stated(list_max(ends)) END AS period_end,
        stated(bill ->> '$.priceWithTax.currencyCode') AS currency,
        turned(ovhcloud_amount(bill -> '$.priceWithTax'), ovhcloud_is_turned(refund)) AS total,
        turned(ovhcloud_amount(bill -> '$.priceWithoutTax'), ovhcloud_is_turned(refund)) AS subtotal,
        turned(ovhcloud_amount(bill -> '$.tax'), ovhcloud_is_turned(refund)) AS tax,
        stated(document ->> '$.debt.dueDate') AS due,
        stated(document ->> '$.payment.paymentDate') AS paid_on,
        ovhcloud_doubt('the price with tax', bill -> '$.priceWithTax') AS doubt
    FROM answers
),

told AS (
    SELECT
        *,
        CASE
            WHEN vendor_status IN ('PAID', 'REFUNDED') THEN 'paid'
            WHEN vendor_status IN ('TO_BE_PAID', 'UNMATURED') THEN 'open'
            WHEN vendor_status = 'UNPAID' THEN 'past_due'
            WHEN vendor_status = 'WRITE_OFF' THEN 'written_off'
            WHEN vendor_status IS NOT NULL THEN 'unknown'
            -- What is paid with the order makes no debt.
            WHEN paid_on IS NOT NULL THEN 'paid'
            WHEN minor_units(number_text(total), 100) = 0 THEN 'no_charge'
            ELSE 'unknown'
        END AS payment_status
    FROM renamed
)

SELECT
    * REPLACE (CASE WHEN payment_status = 'paid' THEN paid_on END AS paid_on),
    FALSE AS is_known_by_period,
    FALSE AS is_listed_upcoming,
    'derived' AS billing_period_basis,
    'stated' AS currency_basis,
    TRUE AS is_major_unit
FROM told
