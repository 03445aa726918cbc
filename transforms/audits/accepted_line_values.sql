-- error: a line's record_type, category or currency is none of those that it may be, or its period isn't in order
SELECT line_id, invoice_id, vendor, account, record_type, category, currency, period_start, period_end
FROM marts.fct_invoice_lines
WHERE
    record_type IS NULL
    OR record_type NOT IN ('line', 'header')
    OR category IS NULL
    OR category NOT IN ('usage', 'tax', 'credit', 'discount', 'refund', 'adjustment', 'unexplained')
    OR currency IS NULL
    OR currency NOT IN (SELECT currencies.currency FROM intermediate.currencies)
    OR period_end <= period_start
