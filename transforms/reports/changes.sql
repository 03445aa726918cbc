-- One row per change of an issued invoice, the newest first, at most $limit. Where before and after are amounts, `*_cents` are
-- those; `total` is how many changes there are in all.
SELECT
    invoice.vendor,
    invoice.account,
    coalesce(invoice.invoice_number, left(invoice.invoice_id, 12)) AS invoice,
    CASE WHEN starts_with(invoice.invoice_url, 'https://') THEN invoice.invoice_url END AS link,
    invoice.currency,
    strftime(change.changed_at, '%Y-%m-%d') AS day,
    replace(change.kind, '_', ' ') AS kind,
    CASE WHEN change.kind <> 'rate_corrected' THEN try_cast(change.before AS BIGINT) END AS before_cents,
    CASE WHEN change.kind <> 'rate_corrected' THEN try_cast(change.after AS BIGINT) END AS after_cents,
    replace(coalesce(change.before, ''), '_', ' ') AS before,
    replace(coalesce(change.after, ''), '_', ' ') AS after,
    count(*) OVER () AS total
FROM invoice_changes AS change
INNER JOIN fct_invoices AS invoice ON change.invoice_id = invoice.invoice_id
ORDER BY change.changed_at DESC, invoice.vendor, invoice.account, invoice.invoice_id, change.kind
LIMIT $limit
