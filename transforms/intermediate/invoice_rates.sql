-- One row per invoice, where a reporting currency is configured: the rate between the two, and where it is from. An amount
-- in minor units, times the numerator, by the denominator, is the same in the reporting currency, before it is rounded. A
-- rate that nobody states is null.
-- kept: by invoice
WITH ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY invoice_id ORDER BY day DESC NULLS LAST) AS place
    FROM intermediate.rate_candidates
    WHERE day IS NULL OR (valid_from <= frozen_at AND (valid_to IS NULL OR valid_to > frozen_at))
),

-- A total that the vendor states in the reporting currency too.
other_numbers AS (
    SELECT
        invoice.invoice_id,
        invoice.total_cents,
        ranked.own_minor_units,
        ranked.reporting_currency,
        ranked.reporting_minor_units,
        unit_factor(invoice.is_major_unit, ranked.reporting_minor_units) AS factor,
        number_text(invoice.other_total) AS other_number
    FROM ranked
    INNER JOIN intermediate.invoices AS invoice
        ON ranked.invoice_id = invoice.invoice_id AND ranked.reporting_currency = invoice.other_currency
    WHERE ranked.place = 1
),

other_totals AS (
    SELECT *, minor_units(other_number, factor) AS other_cents
    FROM other_numbers
),

-- What a unit costs in the reporting currency: MongoDB's price of a payment, which a refund has as well, or what the two
-- totals make it.
prices AS (
    SELECT invoice_id, currency, stated_price AS price
    FROM intermediate.payments
    UNION ALL
    SELECT
        invoice_id,
        reporting_currency AS currency,
        stated_price_of(total_cents, own_minor_units, invoice_amount(other_cents), reporting_minor_units) AS price
    FROM other_totals
),

stated AS (
    SELECT invoice_id, currency, min(price) AS price
    FROM prices
    WHERE price > 0
    GROUP BY invoice_id, currency
    HAVING min(price) = max(price)
),

chosen AS (
    SELECT
        ranked.*,
        CAST(stated.price AS DECIMAL(17, 12)) AS stated_price,
        override.rate AS override_rate,
        CASE
            WHEN ranked.currency = ranked.reporting_currency THEN 'same_currency'
            WHEN stated.price IS NOT NULL THEN 'vendor'
            WHEN override.rate IS NOT NULL THEN 'override'
            WHEN ranked.is_fixed THEN 'fixed'
            WHEN ranked.day IS NULL OR ranked.own_units IS NULL OR ranked.reporting_units IS NULL THEN NULL
            WHEN ranked.is_provisional THEN 'latest_provisional'
            ELSE 'period_end'
        END AS basis
    FROM ranked
    LEFT JOIN stated
        ON ranked.invoice_id = stated.invoice_id AND ranked.reporting_currency = stated.currency
    LEFT JOIN staging.exchange_rate_overrides AS override
        ON CAST(date_trunc('month', ranked.last_day) AS DATE) = override.month
        AND ranked.currency = override.currency
    WHERE ranked.place = 1
),

rated AS (
    SELECT
        *,
        CAST(
            CASE
                WHEN basis IN ('same_currency', 'vendor') THEN 1
                WHEN basis = 'override' THEN override_rate
                ELSE own_units
            END AS DECIMAL(22, 12)
        ) AS own_part,
        CAST(
            CASE
                WHEN basis IN ('same_currency', 'override') THEN 1
                WHEN basis = 'vendor' THEN stated_price
                ELSE reporting_units
            END AS DECIMAL(17, 12)
        ) AS reporting_part
    FROM chosen
)

SELECT
    invoice_id,
    currency,
    reporting_currency,
    CASE WHEN basis IS NOT NULL THEN in_last_decimals(reporting_part) * reporting_minor_units END AS numerator,
    CASE WHEN basis IS NOT NULL THEN in_last_decimals(own_part) * own_minor_units END AS denominator,
    CASE WHEN basis IS NOT NULL THEN quotient(own_part, reporting_part) END AS exchange_rate,
    CASE WHEN basis IN ('period_end', 'latest_provisional') THEN day END AS exchange_rate_date,
    basis AS exchange_rate_basis,
    frozen_at
FROM rated
