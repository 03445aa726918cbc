-- One row per account and calendar month (UTC) from its first invoice to its last: is the month billed for, and in full? Days
-- decide, not months that a period touches. Void invoices bill nothing, and one of a single moment bills no stretch of time.
-- kept: whole
WITH periods AS (
    SELECT
        vendor,
        account,
        payment_status,
        billing_period_start AS starts_at,
        coalesce(billing_period_end, billing_period_start + INTERVAL '1' SECOND) AS ends_at,
        payment_status <> 'void'
        AND billing_period_end IS NOT NULL
        AND (
            billing_period_basis = 'stated' OR billing_period_end > billing_period_start + INTERVAL '1' DAY
        ) AS is_stretch,
        -- Due dates, from which a period is derived, move by weekends and lengths of months.
        CASE WHEN billing_period_basis = 'derived' THEN 7 ELSE 0 END AS leeway
    FROM marts.fct_invoices
    WHERE billing_period_start IS NOT NULL
),

stretches AS (
    SELECT
        periods.vendor,
        periods.account,
        CAST(periods.starts_at AS DATE) AS first_day,
        CAST(periods.ends_at - INTERVAL '0.000001' SECOND AS DATE) AS last_day,
        periods.leeway,
        periods.ends_at <= run.started_at AS is_final
    FROM periods
    CROSS JOIN staging.run
    WHERE periods.is_stretch
),

known AS (
    SELECT vendor, account, min(first_day) AS first_day, max(last_day) AS last_day, max(leeway) AS leeway
    FROM stretches
    GROUP BY vendor, account
),

-- Days that any invoice covers, and days that one covers whose period is over. The month after all that is known covers
-- nothing, but ends the last hole: a month that is billed to its middle isn't billed in full.
covers AS (
    SELECT vendor, account, FALSE AS is_final, first_day, last_day FROM stretches
    UNION ALL
    SELECT vendor, account, TRUE AS is_final, first_day, last_day FROM stretches WHERE is_final
    UNION ALL
    SELECT
        vendor,
        account,
        TRUE AS is_final,
        CAST(date_trunc('month', last_day) + INTERVAL '1' MONTH AS DATE) AS first_day,
        last_day
    FROM known
),

ordered AS (
    SELECT
        vendor,
        account,
        is_final,
        first_day,
        max(last_day) OVER (
            PARTITION BY vendor, account, is_final ORDER BY first_day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_until
    FROM covers
),

holes AS (
    SELECT
        ordered.vendor,
        ordered.account,
        ordered.is_final,
        coalesce(CAST(ordered.covered_until + INTERVAL '1' DAY AS DATE), known.first_day) AS starts_on,
        ordered.first_day AS ends_on,
        known.leeway
    FROM ordered
    INNER JOIN known ON ordered.vendor = known.vendor AND ordered.account = known.account
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
        CAST(calendar.ends_at AS DATE) AS next_month,
        calendar.starts_at,
        calendar.ends_at
    FROM spans AS span
    INNER JOIN intermediate.calendar_months AS calendar
        ON span.starts_at < calendar.ends_at AND span.ends_at > calendar.starts_at
),

counted AS (
    SELECT
        months.vendor,
        months.account,
        months.month,
        months.next_month,
        months.ends_at,
        count(period.vendor) AS invoices,
        bool_or(period.payment_status = 'upcoming') AS is_upcoming
    FROM months
    LEFT JOIN periods AS period
        ON months.vendor = period.vendor AND months.account = period.account
        AND period.starts_at < months.ends_at AND period.ends_at > months.starts_at
    GROUP BY months.vendor, months.account, months.month, months.next_month, months.ends_at
),

uncovered AS (
    SELECT
        counted.vendor,
        counted.account,
        counted.month,
        sum(
            CASE
                WHEN NOT hole.is_final
                    THEN date_diff(
                        'day', greatest(hole.starts_on, counted.month), least(hole.ends_on, counted.next_month)
                    )
            END
        ) AS days
    FROM counted
    INNER JOIN holes AS hole
        ON counted.vendor = hole.vendor AND counted.account = hole.account
        AND hole.starts_on < counted.next_month AND hole.ends_on > counted.month
    WHERE date_diff('day', hole.starts_on, hole.ends_on) > hole.leeway
    GROUP BY counted.vendor, counted.account, counted.month
)

SELECT
    counted.vendor, -- as in fct_invoices
    counted.account, -- as in fct_invoices
    counted.month, -- first day of the calendar month
    counted.invoices, -- how many invoices' billing periods touch the month
    counted.invoices > 0
    AND NOT counted.is_upcoming
    AND counted.ends_at <= run.started_at
    AND uncovered.vendor IS NULL AS is_closed, -- over, and each of its days billed by an issued invoice whose period is over
    coalesce(uncovered.days, 0) > 0 AS is_gap, -- days of it are billed by no invoice, though earlier and later ones are: ask the vendor why
    CAST(coalesce(uncovered.days, 0) AS INTEGER) AS uncovered_days -- how many days those are
FROM counted
CROSS JOIN staging.run
LEFT JOIN uncovered
    ON counted.vendor = uncovered.vendor AND counted.account = uncovered.account AND counted.month = uncovered.month
