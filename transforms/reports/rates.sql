-- One row per exchange rate by which invoices of the report's months are converted, the newest first, and how many there are
-- of them; a row without a rate counts those that are in no sum of the reporting currency.
WITH shown AS (
    SELECT min(month) AS first_month FROM report_months
)

SELECT
    invoice.currency,
    regexp_replace(CAST(invoice.exchange_rate AS VARCHAR), '[.]?0+$', '') AS rate,
    strftime(invoice.exchange_rate_date, '%Y-%m-%d') AS day,
    replace(invoice.exchange_rate_basis, '_', ' ') AS basis,
    count(*) AS invoices
FROM fct_invoices AS invoice
CROSS JOIN shown
WHERE
    invoice.reporting_currency <> invoice.currency
    AND invoice.payment_status <> 'void'
    AND coalesce(invoice.billing_period_last_day, shown.first_month) >= shown.first_month
GROUP BY invoice.currency, invoice.exchange_rate, invoice.exchange_rate_date, invoice.exchange_rate_basis
ORDER BY
    invoice.exchange_rate IS NOT NULL, invoice.exchange_rate_date DESC NULLS FIRST, invoice.currency,
    invoice.exchange_rate, basis
