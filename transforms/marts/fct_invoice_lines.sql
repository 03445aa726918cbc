-- One row per line of an invoice, and per amount that stands only on the invoice (record_type header), so that
-- amount_cents of an invoice's rows in its currency adds up to its total_cents, exactly.
-- kept: by invoice
WITH lines AS (
    SELECT * FROM intermediate.accepted_line_readings
    UNION ALL
    SELECT * FROM intermediate.header_lines
)

SELECT
    lines.line_id, -- stable surrogate: a hash of the invoice and of what the line is, not of its amount
    lines.invoice_id, -- the invoice in fct_invoices
    lines.vendor, -- the invoice's vendor
    lines.account, -- the invoice's account
    lines.record_type, -- line: the vendor states it as a line; header: it stands only on the invoice
    lines.category, -- usage, tax, credit, discount, refund, adjustment or unexplained
    lines.description, -- what it is for, in the vendor's words
    lines.sku, -- the vendor's word for the product or metric
    lines.quantity, -- how much, in `unit`
    lines.unit, -- what the quantity counts
    lines.unit_price, -- price of one unit, in dollars, pounds, … (not cents)
    lines.amount_cents, -- net of the line's own discount, in the currency's minor unit; null where the vendor states null
    lines.currency, -- the line's own where it states one, else the invoice's
    lines.period_start, -- the line's period, or the invoice's where it has none
    lines.period_end, -- first moment after it
    lines.project, -- MongoDB project, PlanetScale database
    lines.resource, -- MongoDB cluster or app, PlanetScale resource
    lines.region, -- where the vendor states one
    lines.tags, -- JSON text: MongoDB's tags as it states them, PlanetScale's cloudflare_billed
    invoice.payment_status -- the invoice's, as in fct_invoices
FROM lines
INNER JOIN marts.fct_invoices AS invoice ON lines.invoice_id = invoice.invoice_id
