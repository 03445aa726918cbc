-- One row per line and calendar month (UTC) in the reporting currency, if one is configured: an invoice's rows add up to its
-- reporting_total_cents, exactly (largest remainder, over the lines and then over a line's months). A line in another currency
-- than its invoice has none, since the invoice's total holds it; nor has an invoice without a rate.
-- kept: by invoice
WITH lines AS (
    SELECT
        line.invoice_id,
        line.line_id,
        rate.numerator,
        rate.denominator,
        invoice.reporting_total_cents,
        -- The remainder of what is negative would be negative, too.
        (line.amount_cents * rate.numerator % rate.denominator + rate.denominator) % rate.denominator AS remainder,
        line.amount_cents * rate.numerator AS share
    FROM marts.fct_invoice_lines AS line
    INNER JOIN marts.fct_invoices AS invoice
        ON line.invoice_id = invoice.invoice_id AND line.currency = invoice.currency
    INNER JOIN intermediate.invoice_rates AS rate ON line.invoice_id = rate.invoice_id
    WHERE invoice.reporting_total_cents IS NOT NULL AND line.amount_cents IS NOT NULL
),

ranked_lines AS (
    SELECT
        *,
        (share - remainder) // denominator AS whole_cents,
        row_number() OVER (PARTITION BY invoice_id ORDER BY remainder DESC, line_id) AS place,
        reporting_total_cents - sum((share - remainder) // denominator) OVER (PARTITION BY invoice_id) AS left_over
    FROM lines
),

months AS (
    SELECT
        line.invoice_id,
        line.line_id,
        spent.month,
        line.denominator,
        line.whole_cents + CASE WHEN line.place <= line.left_over THEN 1 ELSE 0 END AS line_cents,
        (spent.amount_cents * line.numerator % line.denominator + line.denominator) % line.denominator AS remainder,
        spent.amount_cents * line.numerator AS share
    FROM ranked_lines AS line
    INNER JOIN marts.fct_monthly_spend AS spent ON line.line_id = spent.line_id AND line.invoice_id = spent.invoice_id
),

ranked_months AS (
    SELECT
        *,
        (share - remainder) // denominator AS whole_cents,
        row_number() OVER (PARTITION BY invoice_id, line_id ORDER BY remainder DESC, month) AS place,
        line_cents - sum((share - remainder) // denominator) OVER (PARTITION BY invoice_id, line_id) AS left_over
    FROM months
)

SELECT
    month.month, -- first day of the calendar month; null where no period is known
    month.invoice_id, -- the invoice in fct_invoices
    month.line_id, -- the line in fct_invoice_lines
    rate.reporting_currency, -- the configured one
    CAST(
        month.whole_cents + CASE WHEN month.place <= month.left_over THEN 1 ELSE 0 END AS BIGINT
    ) AS reporting_amount_cents -- this month's part, in the reporting currency's minor unit
FROM ranked_months AS month
INNER JOIN intermediate.invoice_rates AS rate ON month.invoice_id = rate.invoice_id
