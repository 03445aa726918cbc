-- One row per invoice and version of a row of the ECB's within a week before the invoice's day: what it says of the
-- invoice's and of the reporting currency, and until when a version of it counts for the invoice (frozen_at). The day is the
-- last of the billing period, since no vendor states the one of issue; what still accrues takes the newest there is. One row
-- without a day where there is none, or none is needed. Without a reporting currency there are no rows.
-- kept: scratch
WITH invoices AS (
    SELECT
        invoice.invoice_id,
        invoice.currency,
        invoice.minor_units_per_unit AS own_minor_units,
        reporting.currency AS reporting_currency,
        reporting_currencies.minor_units_per_unit AS reporting_minor_units,
        invoice.issued_at,
        invoice.payment_status = 'upcoming' AS is_upcoming,
        CAST(invoice.billing_period_end - INTERVAL '0.000001' SECOND AS DATE) AS last_day,
        reporting.newest_day
    FROM intermediate.invoices AS invoice
    CROSS JOIN staging.reporting AS reporting
    INNER JOIN intermediate.currencies AS reporting_currencies
        ON reporting.currency = reporting_currencies.currency
    WHERE invoice.rejection_reason IS NULL
),

dated AS (
    SELECT *, CASE WHEN is_upcoming THEN newest_day ELSE last_day END AS rate_day
    FROM invoices
),

fixed AS (
    SELECT dated.*, own.fixed_units AS own_fixed_units, reporting.fixed_units AS reporting_fixed_units
    FROM dated
    LEFT JOIN intermediate.euro_changeovers AS own
        ON dated.currency = own.currency AND dated.rate_day >= own.first_day
    LEFT JOIN intermediate.euro_changeovers AS reporting
        ON dated.reporting_currency = reporting.currency AND dated.rate_day >= reporting.first_day
),

around AS (
    SELECT
        fixed.*,
        rates.day,
        rates.document,
        rates.valid_from,
        rates.valid_to,
        min(CASE WHEN rates.day >= fixed.rate_day THEN rates.settled_at END) OVER (PARTITION BY fixed.invoice_id)
            AS settled_at
    FROM fixed
    LEFT JOIN staging.exchange_rates AS rates
        ON rates.day BETWEEN fixed.rate_day - 7 AND fixed.rate_day + 7
)

SELECT
    invoice_id,
    currency,
    own_minor_units,
    reporting_currency,
    reporting_minor_units,
    last_day,
    -- Where neither is needed, the rate hangs on no day.
    (currency = 'EUR' OR own_fixed_units IS NOT NULL)
    AND (reporting_currency = 'EUR' OR reporting_fixed_units IS NOT NULL) AS is_fixed,
    is_upcoming OR settled_at IS NULL AS is_provisional,
    CASE
        WHEN is_upcoming OR settled_at IS NULL THEN CAST('infinity' AS TIMESTAMPTZ)
        ELSE greatest(issued_at, settled_at)
    END AS frozen_at,
    CASE WHEN day <= rate_day THEN day END AS day,
    valid_from,
    valid_to,
    units_per_euro(document, currency, own_fixed_units) AS own_units,
    units_per_euro(document, reporting_currency, reporting_fixed_units) AS reporting_units
FROM around
