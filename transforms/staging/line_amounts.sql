-- One row per line of an invoice that can be read: its net amount in minor units, or why there is none.
WITH numbers AS (
    SELECT
        reading.*,
        invoice.invoice_id,
        invoice.currency,
        invoice.billing_period_start,
        invoice.billing_period_end,
        CAST(
            CASE WHEN reading.is_major_unit THEN currencies.minor_units_per_unit ELSE 1 END AS DECIMAL(5, 0)
        ) AS factor,
        number_text(reading.amount) AS amount_number,
        number_text(reading.discount) AS discount_number,
        moment(reading.period_start) AS starts_at,
        moment(reading.period_end) AS ends_at
    FROM staging.line_readings AS reading
    INNER JOIN staging.invoices AS invoice
        ON reading.vendor = invoice.vendor AND reading.account = invoice.account
        AND reading.invoice_key = invoice.document_key AND invoice.rejection_reason IS NULL
    INNER JOIN staging.currencies AS currencies ON invoice.currency = currencies.currency
),

amounts AS (
    SELECT
        *,
        line_amount(minor_units(amount_number, factor)) AS gross_cents,
        line_amount(minor_units(discount_number, factor)) AS discount_cents,
        exclusive_end(starts_at, ends_at, is_date(period_end)) AS ended_at
    FROM numbers
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
    currency,
    CASE WHEN ended_at > starts_at THEN starts_at ELSE billing_period_start END AS period_start,
    CASE WHEN ended_at > starts_at THEN ended_at ELSE billing_period_end END AS period_end,
    project,
    resource,
    region,
    tags,
    coalesce(
        doubt,
        unreadable_amount('amount of a line', amount, gross_cents),
        unreadable_amount('discount of a line', discount, discount_cents)
    ) AS rejection_reason
FROM amounts
