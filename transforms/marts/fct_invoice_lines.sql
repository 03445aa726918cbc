-- One row per line of an invoice, and per amount that stands only on the invoice (record_type header), so that
-- amount_cents of an invoice's rows in its currency adds up to its total_cents, exactly.
-- kept: by invoice
WITH parts AS (
    SELECT * FROM intermediate.accepted_line_readings
    UNION ALL
    SELECT * FROM intermediate.header_lines
),

lines AS (
    SELECT parts.*, invoice.payment_status
    FROM parts
    INNER JOIN marts.fct_invoices AS invoice ON parts.invoice_id = invoice.invoice_id
)

SELECT
    line_id, -- stable surrogate: a hash of the invoice and of what the line is, not of its amount
    invoice_id, -- the invoice in fct_invoices
    vendor, -- the invoice's vendor
    account, -- the invoice's account
    record_type, -- line: the vendor states it as a line; header: it stands only on the invoice
    category, -- usage, tax, credit, discount, refund, adjustment or unexplained
    description, -- what it is for, in the vendor's words
    sku, -- the vendor's word for the product or metric
    quantity, -- how much, in `unit`
    unit, -- what the quantity counts
    unit_price, -- price of one unit, in dollars, pounds, … (not cents)
    amount_cents, -- net of the line's own discount, in the currency's minor unit; null where the vendor states null
    currency, -- the line's own where it states one, else the invoice's
    period_start, -- the line's period, or the invoice's where it has none
    period_end, -- first moment after it
    project, -- what the vendor keeps resources in: a project, a database, an account of its
    resource, -- what was used: a cluster, an app, a branch
    region, -- where the vendor states one
    tags, -- JSON text: the vendor's tags as it states them, and what it says of how a line is billed
    payment_status -- the invoice's, as in fct_invoices
FROM lines
