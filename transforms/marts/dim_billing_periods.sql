-- One row per account and calendar month (UTC) from its first invoice to its last: is the month billed for, and in full?
WITH periods AS (
    SELECT
        vendor,
        account,
        payment_status,
        billing_period_start AS starts_at,
        coalesce(billing_period_end, billing_period_start + INTERVAL '1' SECOND) AS ends_at
    FROM marts.fct_invoices
    WHERE billing_period_start IS NOT NULL
),

spans AS (
    SELECT vendor, account, min(starts_at) AS starts_at, max(ends_at) AS ends_at
    FROM periods
    GROUP BY vendor, account
),

months AS (
    SELECT
        span.vendor,
        span.account,
        calendar.month,
        calendar.starts_at,
        calendar.ends_at
    FROM spans AS span
    INNER JOIN staging.calendar_months AS calendar
        ON span.starts_at < calendar.ends_at AND span.ends_at > calendar.starts_at
),

counted AS (
    SELECT
        months.vendor,
        months.account,
        months.month,
        months.ends_at,
        count(period.vendor) AS invoices,
        sum(CASE WHEN period.payment_status = 'upcoming' THEN 1 ELSE 0 END) AS upcoming
    FROM months
    LEFT JOIN periods AS period
        ON months.vendor = period.vendor AND months.account = period.account
        AND period.starts_at < months.ends_at AND period.ends_at > months.starts_at
    GROUP BY months.vendor, months.account, months.month, months.ends_at
)

SELECT
    counted.vendor, -- as in fct_invoices
    counted.account, -- as in fct_invoices
    counted.month, -- first day of the calendar month
    counted.invoices, -- how many invoices' billing periods touch the month
    counted.invoices > 0 AND counted.upcoming = 0 AND counted.ends_at <= run.started_at AS is_closed, -- over, and all issued
    counted.invoices = 0 AS is_gap -- no invoice, though the account has earlier and later ones: ask the vendor why
FROM counted
CROSS JOIN staging.run
