-- error: a month of a line lies outside of its period, or is in another currency, category, account or invoice than it
SELECT spend.line_id, spend.month, line.period_start, line.period_end, spend.currency, spend.category, spend.invoice_id
FROM marts.fct_monthly_spend AS spend
LEFT JOIN marts.fct_invoice_lines AS line ON spend.line_id = line.line_id
WHERE
    line.line_id IS NULL
    OR spend.invoice_id <> line.invoice_id
    OR spend.vendor <> line.vendor
    OR spend.account <> line.account
    OR spend.category <> line.category
    OR spend.currency IS DISTINCT FROM line.currency
    OR (spend.month IS NULL) <> (line.period_start IS NULL OR line.period_end IS NULL)
    OR extract(DAY FROM spend.month) <> 1
    OR CAST(spend.month AS TIMESTAMPTZ) >= line.period_end
    OR CAST(spend.month + INTERVAL '1' MONTH AS TIMESTAMPTZ) <= line.period_start
