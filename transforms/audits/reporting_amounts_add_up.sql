-- error: marts.fct_reporting_spend of an invoice doesn't add up to its total in the reporting currency, or is of no line's month
WITH reported AS (
    SELECT
        reported.invoice_id,
        sum(reported.reporting_amount_cents) AS cents,
        count(*) AS parts,
        count(spent.line_id) AS known_parts,
        min(reported.reporting_currency) AS first_currency,
        max(reported.reporting_currency) AS last_currency
    FROM marts.fct_reporting_spend AS reported
    LEFT JOIN marts.fct_monthly_spend AS spent
        ON reported.line_id = spent.line_id AND reported.invoice_id = spent.invoice_id
        AND reported.month IS NOT DISTINCT FROM spent.month
    GROUP BY reported.invoice_id
)

SELECT
    coalesce(invoice.invoice_id, reported.invoice_id) AS invoice_id,
    invoice.reporting_currency,
    invoice.reporting_total_cents,
    reported.cents
FROM marts.fct_invoices AS invoice
FULL JOIN reported ON invoice.invoice_id = reported.invoice_id
WHERE
    invoice.reporting_total_cents IS DISTINCT FROM reported.cents
    OR reported.parts <> reported.known_parts
    OR reported.first_currency <> invoice.reporting_currency
    OR reported.last_currency <> invoice.reporting_currency
