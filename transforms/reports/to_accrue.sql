-- One row per account, month and currency that isn't invoiced to its end: what to book for it, the newest month first.
SELECT
    strftime(accrual.month, '%Y-%m') AS month,
    accrual.vendor,
    accrual.account,
    accrual.currency,
    CAST(accrual.amount * currency.minor_units_per_unit AS BIGINT) AS cents,
    CASE
        WHEN accrual.basis = 'upcoming' THEN 'upcoming invoice'
        ELSE 'mean of ' || CAST(accrual.months_averaged AS VARCHAR) || ' month(s)'
    END AS basis,
    accrual.is_over
FROM accruals AS accrual
INNER JOIN dim_currencies AS currency ON accrual.currency = currency.currency
WHERE accrual.amount <> 0
ORDER BY accrual.month DESC, accrual.currency, accrual.vendor, accrual.account
