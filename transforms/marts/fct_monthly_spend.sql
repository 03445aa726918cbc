-- One row per line and calendar month (UTC) that its period touches: the line's amount spread by days, in whole minor
-- units that add up to the line's amount exactly (largest remainder; of equal ones the earlier month gets the unit).
-- kept: by invoice
WITH lines AS (
    SELECT line.*, periods.first_month, periods.is_spread
    FROM marts.fct_invoice_lines AS line
    INNER JOIN intermediate.line_periods AS periods
        ON line.period_start IS NOT DISTINCT FROM periods.period_start
        AND line.period_end IS NOT DISTINCT FROM periods.period_end
),

touched AS (
    SELECT
        line.invoice_id,
        line.line_id,
        calendar.month,
        sign(line.amount_cents) AS sign,
        CAST(abs(line.amount_cents) AS HUGEINT) AS cents,
        date_diff(
            'second',
            greatest(line.period_start, calendar.starts_at),
            least(line.period_end, calendar.ends_at)
        ) AS seconds,
        date_diff('second', line.period_start, line.period_end) AS period_seconds
    FROM lines AS line
    INNER JOIN intermediate.calendar_months AS calendar
        ON line.period_start < calendar.ends_at AND line.period_end > calendar.starts_at
    WHERE line.is_spread
),

shares AS (
    SELECT
        *,
        cents * seconds % period_seconds AS remainder,
        -- Whole numbers: a plain division would go through a double.
        cents * seconds // period_seconds AS whole_cents
    FROM touched
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY invoice_id, line_id ORDER BY remainder DESC, month) AS place,
        cents - sum(whole_cents) OVER (PARTITION BY invoice_id, line_id) AS left_over
    FROM shares
),

months AS (
    SELECT
        ranked.month,
        lines.invoice_id,
        lines.line_id,
        lines.vendor,
        lines.account,
        lines.category,
        lines.currency,
        lines.payment_status,
        CAST(
            ranked.sign * (ranked.whole_cents + CASE WHEN ranked.place <= ranked.left_over THEN 1 ELSE 0 END) AS BIGINT
        ) AS amount_cents
    FROM ranked
    INNER JOIN lines ON ranked.line_id = lines.line_id
    UNION ALL
    -- Nearly all lines lie in one month, and need no share of it.
    SELECT
        first_month AS month,
        invoice_id,
        line_id,
        vendor,
        account,
        category,
        currency,
        payment_status,
        amount_cents
    FROM lines
    WHERE NOT is_spread
)

SELECT
    month, -- first day of the calendar month; null where no period is known
    invoice_id, -- the invoice in fct_invoices
    line_id, -- the line in fct_invoice_lines
    vendor, -- the invoice's vendor
    account, -- the invoice's account
    category, -- the line's category
    currency, -- the line's currency
    amount_cents, -- this month's part, in the currency's minor unit
    payment_status -- the invoice's; a plain sum counts void ones too
FROM months
