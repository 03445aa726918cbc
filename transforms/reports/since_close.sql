-- One row per line of a closed month that would now be another amount, the newest month first and in it the largest difference;
-- `*_cents` are null where the line wasn't there.
SELECT
    strftime(difference.month, '%Y-%m') AS month,
    difference.vendor,
    difference.account,
    difference.category,
    difference.description,
    difference.currency,
    CAST(difference.amount_at_close * currency.minor_units_per_unit AS BIGINT) AS at_close_cents,
    CAST(difference.amount_now * currency.minor_units_per_unit AS BIGINT) AS now_cents,
    CAST(difference.difference * currency.minor_units_per_unit AS BIGINT) AS difference_cents,
    difference.invoice_id,
    difference.line_id
FROM close_differences AS difference
INNER JOIN dim_currencies AS currency ON difference.currency = currency.currency
ORDER BY month DESC, difference.currency, abs(difference.difference) DESC, difference.line_id
