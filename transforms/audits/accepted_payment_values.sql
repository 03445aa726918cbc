-- error: a payment's kind or currency is none of those that it may be
SELECT payment_id, invoice_id, vendor, account, kind, currency
FROM marts.fct_payments
WHERE
    kind IS NULL
    OR kind NOT IN ('payment', 'refund')
    OR currency IS NULL
    OR currency NOT IN (SELECT currencies.currency FROM intermediate.currencies)
