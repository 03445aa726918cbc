-- warning: accounts in two shards have the same invoice, which counts twice: probably one of them got another name
SELECT
    invoice.vendor,
    invoice.account,
    other.account AS other_account,
    invoice.invoice_number
FROM marts.fct_invoices AS invoice
INNER JOIN marts.fct_invoices AS other
    ON invoice.vendor = other.vendor AND invoice.invoice_number = other.invoice_number
WHERE invoice.account < other.account AND invoice.shard <> other.shard
