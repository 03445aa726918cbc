-- warning: an invoice has lines that are billed through Cloudflare, and its total is met only with them, only without them, or by neither
WITH sums AS (
    SELECT
        line.invoice_id,
        sum(CASE WHEN line.tags = '{"cloudflare_billed": true}' THEN 1 ELSE 0 END) AS cloudflare_lines,
        coalesce(
            sum(line.amount_cents) FILTER (WHERE line.tags = '{"cloudflare_billed": true}'), 0
        ) AS cloudflare_cents,
        coalesce(sum(CASE WHEN line.category <> 'unexplained' THEN line.amount_cents END), 0) AS lines_cents
    FROM marts.fct_invoice_lines AS line
    INNER JOIN marts.fct_invoices AS invoice
        ON line.invoice_id = invoice.invoice_id AND line.currency = invoice.currency
    WHERE invoice.vendor = 'planetscale'
    GROUP BY line.invoice_id
),

compared AS (
    SELECT
        sums.*,
        invoice.vendor,
        invoice.account,
        invoice.invoice_number,
        invoice.currency,
        invoice.total_cents,
        -- Each rounding is off by half a cent at most: those of the lines, and of the total.
        abs(invoice.total_cents - sums.lines_cents) * 2 <= coalesce(rounded.lines, 0) + 1 AS is_met_with,
        abs(invoice.total_cents - sums.lines_cents + sums.cloudflare_cents) * 2
        <= coalesce(rounded.lines, 0) + 1 AS is_met_without
    FROM sums
    INNER JOIN marts.fct_invoices AS invoice ON sums.invoice_id = invoice.invoice_id
    LEFT JOIN intermediate.rounded_lines AS rounded ON sums.invoice_id = rounded.invoice_id
    WHERE sums.cloudflare_lines > 0
)

SELECT
    vendor,
    account,
    invoice_number,
    currency,
    total_cents,
    lines_cents,
    cloudflare_cents,
    CASE
        WHEN is_met_with THEN 'only with the lines billed through Cloudflare'
        WHEN is_met_without THEN 'only without the lines billed through Cloudflare'
        ELSE 'neither with nor without the lines billed through Cloudflare'
    END AS total_is_met
FROM compared
WHERE NOT (is_met_with AND is_met_without)
