-- One row per line of an invoice that can be read: its net amount in minor units, or why there is none.
-- kept: scratch
WITH numbers AS (
    SELECT
        line.* EXCLUDE (currency),
        invoice.invoice_id,
        coalesce(upper(line.currency), invoice.currency) AS currency,
        invoice.currency AS invoice_currency,
        line.currency IS NULL OR currencies.currency IS NOT NULL AS is_known_currency,
        invoice.billing_period_start,
        invoice.billing_period_end,
        unit_factor(
            line.is_major_unit, coalesce(currencies.minor_units_per_unit, invoice.minor_units_per_unit)
        ) AS factor,
        number_text(line.amount) AS amount_number,
        number_text(line.discount) AS discount_number,
        moment(line.period_start) AS starts_at,
        moment(line.period_end) AS ends_at
    FROM intermediate.line_readings AS line
    INNER JOIN intermediate.invoices AS invoice
        ON line.vendor = invoice.vendor AND line.account = invoice.account
        AND line.invoice_key = invoice.document_key AND invoice.rejection_reason IS NULL
    LEFT JOIN intermediate.currencies AS currencies
        ON currencies.currency = upper(line.currency) AND coalesce(list_contains(currencies.vendors, line.vendor), TRUE)
),

amounts AS (
    SELECT
        *,
        minor_units(amount_number, factor) AS gross_cents,
        minor_units(discount_number, factor) AS discount_cents,
        exclusive_end(starts_at, ends_at, is_date(period_end)) AS ended_at
    FROM numbers
),

bounded AS (
    SELECT * REPLACE (line_amount(gross_cents) AS gross_cents, line_amount(discount_cents) AS discount_cents)
    FROM amounts
)

SELECT
    vendor,
    account,
    entity,
    listing,
    document_key,
    invoice_id,
    natural_key,
    category,
    description,
    sku,
    quantity_of(quantity) AS quantity,
    unit,
    quantity_of(unit_price) AS unit_price,
    gross_cents - coalesce(discount_cents, 0) AS amount_cents,
    has_parts_of_a_minor_unit(amount_number, factor) AS is_rounded,
    currency,
    currency = invoice_currency AS is_in_invoice_currency,
    CASE WHEN ended_at > starts_at THEN starts_at ELSE billing_period_start END AS period_start,
    CASE WHEN ended_at > starts_at THEN ended_at ELSE billing_period_end END AS period_end,
    project,
    resource,
    region,
    tags,
    coalesce(
        doubt,
        unknown_currency(' of a line', currency, is_known_currency),
        unreadable_amount('amount of a line', amount, amount_number, gross_cents),
        unreadable_amount('discount of a line', discount, discount_number, discount_cents)
    ) AS rejection_reason
FROM bounded
