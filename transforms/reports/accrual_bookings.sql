-- Two rows per accrual of $month: booked on its last day from $debit to $credit, and reversed on the first of the next month. An
-- amount below zero is booked the other way round, as a positive one.
WITH accrued AS (
    SELECT
        accrual.*,
        CAST(abs(accrual.amount) * currency.minor_units_per_unit AS BIGINT) AS cents,
        concat_ws(
            ' ',
            strftime(accrual.month, '%Y-%m'),
            accrual.vendor,
            accrual.account,
            CASE
                WHEN accrual.basis = 'upcoming' THEN '(upcoming invoice)'
                ELSE '(mean of ' || CAST(accrual.months_averaged AS VARCHAR) || ' month(s))'
            END
        ) AS text
    FROM accruals AS accrual
    INNER JOIN dim_currencies AS currency ON accrual.currency = currency.currency
    WHERE accrual.month = CAST(strptime($month, '%Y-%m') AS DATE) AND accrual.amount <> 0
)

SELECT
    last_day(month) AS booked_on,
    CASE WHEN amount > 0 THEN $debit ELSE $credit END AS debit,
    CASE WHEN amount > 0 THEN $credit ELSE $debit END AS credit,
    cents AS amount_cents,
    currency,
    'Accrual ' || text AS text,
    basis
FROM accrued
UNION ALL
SELECT
    CAST(month + INTERVAL 1 MONTH AS DATE) AS booked_on,
    CASE WHEN amount > 0 THEN $credit ELSE $debit END AS debit,
    CASE WHEN amount > 0 THEN $debit ELSE $credit END AS credit,
    cents AS amount_cents,
    currency,
    'Reversal of accrual ' || text AS text,
    basis
FROM accrued
ORDER BY booked_on, currency, text
