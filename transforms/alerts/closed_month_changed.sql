-- A month that finance has closed would now be another sum, or is made of other amounts. It is told once for each such sum,
-- until the month is what it was or is opened again.
SELECT
    strftime(difference.month, '%Y-%m') || '/' || difference.currency || '/'
    || CAST(sum(difference.difference) AS VARCHAR) || '/' || CAST(count(*) AS VARCHAR) AS alert_key,
    strftime(difference.month, '%Y-%m') || ' is closed, and would now be ' || difference.currency || ' '
    || amount_text(
        abs(sum(difference.difference * currencies.minor_units_per_unit)), min(currencies.minor_units_per_unit)
    )
    || CASE WHEN sum(difference.difference) < 0 THEN ' less, by ' ELSE ' more, by ' END || CAST(count(*) AS VARCHAR)
    || ' line(s): see `billhouse changes --since-close`' AS message
FROM marts.close_differences AS difference
INNER JOIN intermediate.currencies AS currencies ON difference.currency = currencies.currency
GROUP BY difference.month, difference.currency
