-- One row per vendor, account and invoice: what was billed for which period, and whether it is paid. Amounts are whole
-- minor units (cents) of the currency, times are UTC, periods are half-open: the end is exclusive.
-- kept: by invoice
WITH clocked AS (
    SELECT
        invoice.*,
        CASE
            WHEN payment_status = 'open' AND due_at < run.started_at THEN 'past_due'
            ELSE payment_status
        END AS status
    FROM staging.stg_all__invoices AS invoice
    CROSS JOIN staging.run
),

settled AS (
    SELECT
        *,
        CASE
            WHEN paid_cents IS NOT NULL THEN paid_cents
            WHEN status = 'paid' THEN total_cents
            WHEN status IN ('open', 'past_due', 'failed') THEN 0
        END AS settled_cents
    FROM clocked
),

balanced AS (
    SELECT
        *,
        CASE
            WHEN status IN ('paid', 'no_charge', 'written_off', 'void') THEN 0
            WHEN status IN ('open', 'past_due', 'failed') THEN total_cents - settled_cents
        END AS balance_due_cents
    FROM settled
)

SELECT
    invoice.invoice_id, -- stable surrogate: a hash of vendor, account and the vendor's key
    vendor, -- the vendor, as the configuration names it
    account, -- the account's name in the configuration
    invoice_number, -- the vendor's own id or number; null where it gives none
    billing_period_start, -- first moment of the period; null where unknown
    billing_period_end, -- first moment after the period; null where unknown
    CAST(billing_period_start AS DATE) AS billing_period_first_day, -- the period's first day (UTC), for tools that shift moments by their own time zone
    CAST(billing_period_end - INTERVAL '0.000001' SECOND AS DATE) AS billing_period_last_day, -- its last day (UTC), inclusive
    billing_period_basis, -- stated by the vendor, derived (the month before the due date; the months or days of its lines; the day of a stated moment), or unknown
    invoice.currency, -- ISO 4217, upper case; or what a vendor bills in beside it, which isn't is_money in dim_currencies
    currency_basis, -- stated in the document, documented by the vendor, or assumed
    total_cents, -- what the vendor bills for this invoice, tax included; credit notes are negative
    subtotal_cents, -- where stated, with the vendor's sign
    tax_cents, -- where stated, or the rest where a total is stated with and without tax; with the vendor's sign
    discount_cents, -- where stated; positive reduces what is billed
    credit_cents, -- where stated; positive reduces what is billed
    starting_balance_cents, -- where stated; positive reduces what is billed
    refunded_cents, -- where stated; positive is money that came back
    settled_cents AS paid_cents, -- stated, else the total where paid and 0 where open, past due or failed
    balance_due_cents, -- what is still to be paid; null where upcoming or unknown
    status AS payment_status, -- upcoming, open, past_due, failed, paid, no_charge, written_off, void or unknown
    vendor_status, -- the vendor's own word; null where it says none
    due_at, -- when payment is due
    paid_at, -- when it was paid
    payment_failed_at, -- when a charge last failed
    invoice_url, -- a page for people, else a PDF; vendors' links expire
    first_seen_at, -- when the first version was loaded
    updated_at, -- when the current version was loaded
    delisted_at, -- when the vendor stopped listing an issued invoice
    load_id, -- the dlt load that brought the current version
    rate.reporting_currency, -- the configured one, ISO 4217; null without one
    TRY_CAST(
        sign(total_cents)
        * ((abs(CAST(total_cents AS HUGEINT)) * rate.numerator + rate.denominator // 2) // rate.denominator)
        AS BIGINT
    ) AS reporting_total_cents, -- the total in the reporting currency's minor unit, rounded once, half away from zero; null without a rate
    TRY_CAST(
        sign(balance_due_cents)
        * ((abs(CAST(balance_due_cents AS HUGEINT)) * rate.numerator + rate.denominator // 2) // rate.denominator)
        AS BIGINT
    ) AS reporting_balance_due_cents, -- the balance due in the same
    rate.exchange_rate, -- units of `currency` for one of the reporting currency, as the ECB quotes them for one euro
    rate.exchange_rate_date, -- the ECB's day that it is from; null where it is no day's
    rate.exchange_rate_basis -- same_currency, vendor, override, fixed, period_end or latest_provisional; null without a rate
FROM balanced AS invoice
LEFT JOIN intermediate.invoice_rates AS rate ON invoice.invoice_id = rate.invoice_id
