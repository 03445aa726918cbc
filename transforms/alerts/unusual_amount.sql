-- An invoice is far from its history: it differs from the median of the invoices before it by more than half of that
-- median and by at least 100 units of the currency (100 dollars, 100 yen). Before it are at least 3 and at most 12 of
-- the same vendor, account and currency; of an even number the lower middle one counts. What still accrues is told only
-- when it is too high. Periods that ended more than 45 days ago are never told, so that a first load is quiet.
WITH ordered AS (
    SELECT
        invoice.*,
        currencies.minor_units_per_unit AS units,
        quantile_disc(invoice.total_cents, 0.5) OVER before AS usual_cents,
        count(*) OVER before AS invoices_before
    FROM marts.fct_invoices AS invoice
    INNER JOIN intermediate.currencies AS currencies ON invoice.currency = currencies.currency
    WHERE invoice.billing_period_start IS NOT NULL AND invoice.payment_status <> 'void'
    WINDOW before AS (
        PARTITION BY invoice.vendor, invoice.account, invoice.currency
        ORDER BY invoice.billing_period_start, invoice.invoice_id
        ROWS BETWEEN 12 PRECEDING AND 1 PRECEDING
    )
)

SELECT
    ordered.invoice_id || '/' || strftime(ordered.billing_period_start, '%Y-%m-%d') AS alert_key,
    concat_ws(' ', ordered.vendor, ordered.account, 'invoice', ordered.invoice_number)
    || ' for the period from ' || strftime(ordered.billing_period_start, '%Y-%m-%d') || ': '
    || ordered.currency || ' ' || amount_text(ordered.total_cents, ordered.units)
    || CASE WHEN ordered.payment_status = 'upcoming' THEN ' so far' ELSE '' END
    || ', usually about ' || amount_text(ordered.usual_cents, ordered.units) AS message
FROM ordered
CROSS JOIN staging.run
WHERE
    ordered.invoices_before >= 3
    AND ordered.billing_period_end > run.started_at - INTERVAL 45 DAY
    AND 2 * abs(ordered.total_cents - ordered.usual_cents) > abs(ordered.usual_cents)
    AND abs(ordered.total_cents - ordered.usual_cents) >= 100 * ordered.units
    AND (ordered.payment_status <> 'upcoming' OR ordered.total_cents > ordered.usual_cents)
