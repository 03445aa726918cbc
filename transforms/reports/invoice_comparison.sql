-- One row per category, product, project and resource of the lines of the invoices $invoice_id and $other_id, the largest
-- change first: what it cost on the other, and on this one. Lines of one kind count together.
WITH lines AS (
    SELECT
        category,
        coalesce(sku, description, '') AS product,
        coalesce(project, '') AS project,
        coalesce(resource, '') AS resource,
        currency,
        coalesce(sum(amount_cents) FILTER (WHERE invoice_id = $other_id), 0) AS before_cents,
        coalesce(sum(amount_cents) FILTER (WHERE invoice_id = $invoice_id), 0) AS after_cents
    FROM fct_invoice_lines
    WHERE invoice_id IN ($invoice_id, $other_id)
    GROUP BY ALL
)

SELECT
    category,
    product,
    project,
    resource,
    before_cents,
    after_cents,
    after_cents - before_cents AS change_cents,
    currency
FROM lines
ORDER BY abs(after_cents - before_cents) DESC, abs(after_cents) DESC, category, product, project, resource, currency
