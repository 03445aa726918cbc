-- One row per line and calendar month (UTC), in whole currency units and without void invoices: the sum of amount over a
-- currency is what was billed, or will be as far as it is known yet (is_estimate).
-- kept: view
SELECT
    spent.month, -- first day of the calendar month; null where no period is known
    spent.vendor, -- as in fct_invoices
    spent.account, -- as in fct_invoices
    spent.category, -- usage, tax, credit, discount, refund, adjustment or unexplained
    line.description, -- what it is for, in the vendor's words
    line.sku, -- the vendor's word for the product or metric
    line.project, -- what the vendor keeps resources in: a project, a database
    line.resource, -- what was used: a cluster, an app, a branch
    line.region, -- where the vendor states one
    spent.currency, -- as in fct_invoices
    spent.amount_cents * currency.minor_unit AS amount, -- this month's part, in dollars, pounds, …
    spent.payment_status = 'upcoming' AS is_estimate, -- the invoice still accrues, so that it may change
    spent.payment_status, -- the invoice's
    spent.invoice_id, -- the invoice in fct_invoices
    spent.line_id, -- the line in fct_invoice_lines
    invoice.reporting_currency, -- as in fct_invoices; null without one
    reported.reporting_amount_cents * reporting.minor_unit AS reporting_amount, -- this month's part in it: an invoice's add up to its total there
    invoice.exchange_rate, -- as in fct_invoices
    invoice.exchange_rate_date, -- as in fct_invoices
    invoice.exchange_rate_basis -- as in fct_invoices
FROM marts.fct_monthly_spend AS spent
INNER JOIN marts.fct_invoice_lines AS line ON spent.line_id = line.line_id
INNER JOIN marts.dim_currencies AS currency ON spent.currency = currency.currency
INNER JOIN marts.fct_invoices AS invoice ON spent.invoice_id = invoice.invoice_id
LEFT JOIN marts.dim_currencies AS reporting ON invoice.reporting_currency = reporting.currency
LEFT JOIN marts.fct_reporting_spend AS reported
    ON spent.line_id = reported.line_id AND spent.month IS NOT DISTINCT FROM reported.month
WHERE spent.payment_status <> 'void'
