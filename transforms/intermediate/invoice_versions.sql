-- One row per version of a listed document, read: amounts in minor units, times in UTC, exclusive period ends, and the
-- reason where it can't be read. The rules for all vendors stand here, once. A time that can't be read is null and told
-- in unread_times: no amount hangs on it.
-- kept: scratch
WITH moments AS (
    SELECT
        reading.* EXCLUDE (currency),
        upper(reading.currency) AS currency,
        currencies.currency IS NOT NULL AS is_known_currency,
        currencies.minor_units_per_unit,
        unit_factor(reading.is_major_unit, currencies.minor_units_per_unit) AS factor,
        moment(reading.period_start) AS starts_at,
        moment(reading.period_end) AS ends_at,
        moment(reading.due) AS due_at,
        moment(reading.paid_on) AS paid_at,
        moment(reading.payment_failed) AS payment_failed_at,
        number_text(reading.total) AS total_number,
        number_text(reading.subtotal) AS subtotal_number,
        number_text(reading.tax) AS tax_number,
        number_text(reading.discount) AS discount_number,
        number_text(reading.credit) AS credit_number,
        number_text(reading.starting_balance) AS starting_balance_number,
        number_text(reading.paid) AS paid_number
    FROM intermediate.invoice_readings AS reading
    LEFT JOIN intermediate.currencies AS currencies
        ON currencies.currency = upper(reading.currency)
        AND coalesce(list_contains(currencies.vendors, reading.vendor), TRUE)
),

amounts AS (
    SELECT
        *,
        exclusive_end(starts_at, ends_at, is_date(period_end)) AS billing_period_end,
        minor_units(total_number, factor) AS total_cents,
        minor_units(subtotal_number, factor) AS subtotal_cents,
        minor_units(tax_number, factor) AS tax_cents,
        minor_units(discount_number, factor) AS discount_cents,
        minor_units(credit_number, factor) AS credit_cents,
        minor_units(starting_balance_number, factor) AS starting_balance_cents,
        minor_units(paid_number, factor) AS paid_cents
    FROM moments
),

bounded AS (
    SELECT * REPLACE (
        invoice_amount(total_cents) AS total_cents,
        invoice_amount(subtotal_cents) AS subtotal_cents,
        invoice_amount(tax_cents) AS tax_cents,
        invoice_amount(discount_cents) AS discount_cents,
        invoice_amount(credit_cents) AS credit_cents,
        invoice_amount(starting_balance_cents) AS starting_balance_cents,
        invoice_amount(paid_cents) AS paid_cents
    )
    FROM amounts
),

reasons AS (
    SELECT
        * REPLACE (CASE WHEN is_rest_tax THEN total_cents - subtotal_cents ELSE tax_cents END AS tax_cents),
        CASE
            WHEN document IS NULL THEN 'what the vendor sent is not valid JSON'
            WHEN missing_key(document_key) IS NOT NULL THEN missing_key(document_key)
            WHEN doubt IS NOT NULL THEN doubt
            WHEN currency IS NULL THEN 'the currency is missing'
            WHEN NOT is_known_currency THEN unknown_currency('', currency, is_known_currency)
            WHEN is_absent(total) THEN 'the total is missing'
            ELSE coalesce(
                unreadable_amount('total', total, total_number, total_cents),
                unreadable_amount('subtotal', subtotal, subtotal_number, subtotal_cents),
                unreadable_amount('tax', tax, tax_number, tax_cents),
                unreadable_amount('discount', discount, discount_number, discount_cents),
                unreadable_amount('credits', credit, credit_number, credit_cents),
                unreadable_amount(
                    'starting balance', starting_balance, starting_balance_number, starting_balance_cents
                ),
                unreadable_amount('amount paid', paid, paid_number, paid_cents),
                CASE WHEN billing_period_end <= starts_at THEN 'the billing period ends before it starts' END
            )
        END AS rejection_reason,
        nullif(
            concat_ws(
                '; ',
                unread_time('start of the billing period', period_start, starts_at),
                unread_time('end of the billing period', period_end, ends_at),
                unread_time('due date', due, due_at),
                unread_time('time of payment', paid_on, paid_at),
                unread_time('time of the failed payment', payment_failed, payment_failed_at)
            ),
            ''
        ) AS unread_times
    FROM bounded
)

SELECT
    vendor,
    account,
    listing,
    document_key,
    coalesce(listed_key, document_key) AS listed_key,
    natural_identity(
        listing, document_key, coalesce(is_known_by_period, FALSE), is_listed_upcoming, starts_at, ends_at
    ) AS natural_identity,
    is_known_by_period,
    is_listed_upcoming,
    stable_id(vendor, account, document_key) AS invoice_id,
    invoice_number,
    starts_at AS billing_period_start,
    billing_period_end,
    CASE
        WHEN starts_at IS NULL AND ends_at IS NULL THEN 'unknown'
        WHEN starts_at = ends_at AND NOT is_date(period_end) THEN 'derived'
        ELSE billing_period_basis
    END AS billing_period_basis,
    currency,
    currency_basis,
    minor_units_per_unit,
    total AS stated_total,
    is_major_unit,
    total_cents,
    subtotal_cents,
    tax_cents,
    discount_cents,
    credit_cents,
    starting_balance_cents,
    paid_cents,
    other_total,
    other_currency,
    payment_status AS listed_status,
    coalesce(accrues_until_period_end, FALSE) AS accrues_until_period_end,
    vendor_status,
    due_at,
    paid_at,
    payment_failed_at,
    invoice_url,
    valid_from,
    valid_to,
    load_id,
    unread_times,
    rejection_reason,
    CASE WHEN rejection_reason IS NOT NULL THEN verbatim END AS rejected_document
FROM reasons
