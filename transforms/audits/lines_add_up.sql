-- error: the lines of an invoice in its own currency don't add up to its total
WITH by_currency AS (
    -- A line without an amount adds nothing; an invoice without any line at all is not one of 0.
    SELECT invoice_id, currency, coalesce(sum(amount_cents), 0) AS amount_cents
    FROM marts.fct_invoice_lines
    GROUP BY invoice_id, currency
),

sums AS (
    SELECT
        coalesce(invoice.invoice_id, lines.invoice_id) AS invoice_id,
        min(invoice.vendor) AS vendor,
        min(invoice.account) AS account,
        min(invoice.total_cents) AS total_cents,
        count(lines.invoice_id) AS currencies,
        sum(CASE WHEN lines.currency = invoice.currency THEN lines.amount_cents ELSE 0 END) AS amount_cents
    FROM marts.fct_invoices AS invoice
    FULL JOIN by_currency AS lines ON invoice.invoice_id = lines.invoice_id
    GROUP BY coalesce(invoice.invoice_id, lines.invoice_id)
)

SELECT invoice_id, vendor, account, total_cents, amount_cents
FROM sums
WHERE currencies = 0 OR total_cents IS DISTINCT FROM amount_cents
