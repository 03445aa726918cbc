-- One row per account, currency and month, up to the current one, of which something isn't invoiced yet: what to accrue for it.
-- That is what upcoming invoices say; where there is none, the mean of the last three months that were billed in full, less what
-- is invoiced of the month. An account that is billed neither for the month before the current one nor for the one before that
-- gets no mean: it may have ended.
-- kept: whole
WITH spent AS (
    SELECT
        vendor,
        account,
        currency,
        month,
        sum(CASE WHEN payment_status = 'upcoming' THEN amount_cents END) AS upcoming_cents,
        -- Asked of months alone that nothing upcoming is in.
        sum(amount_cents) AS invoiced_cents
    FROM marts.fct_monthly_spend
    WHERE payment_status <> 'void'
    GROUP BY vendor, account, currency, month
),

billed AS (
    SELECT
        vendor,
        account,
        currency,
        min(billing_period_start) AS from_at,
        max(billing_period_end) AS until_at,
        CAST(date_trunc('month', max(billing_period_end) - INTERVAL '0.000001' SECOND) AS DATE) AS last_month
    FROM marts.fct_invoices
    WHERE payment_status NOT IN ('upcoming', 'void')
    GROUP BY vendor, account, currency
),

-- Closed ones, but not the first or last that is billed in part.
full_months AS (
    SELECT
        spent.vendor,
        spent.account,
        spent.currency,
        CAST(spent.invoiced_cents AS HUGEINT) AS cents,
        row_number() OVER (
            PARTITION BY spent.vendor, spent.account, spent.currency ORDER BY spent.month DESC
        ) AS recency
    FROM spent
    INNER JOIN marts.dim_billing_periods AS period
        ON spent.vendor = period.vendor AND spent.account = period.account AND spent.month = period.month
    INNER JOIN billed
        ON spent.vendor = billed.vendor AND spent.account = billed.account AND spent.currency = billed.currency
    WHERE
        period.is_closed
        AND CAST(spent.month AS TIMESTAMPTZ) >= billed.from_at
        AND CAST(spent.month + INTERVAL 1 MONTH AS TIMESTAMPTZ) <= billed.until_at
),

-- Rounded half up, in whole numbers: a mean of DECIMAL or of integers would be a double.
usual AS (
    SELECT
        vendor,
        account,
        currency,
        count(*) AS months,
        (2 * sum(cents) + count(*)) // (2 * count(*)) AS mean_cents
    FROM full_months
    WHERE recency <= 3
    GROUP BY vendor, account, currency
    HAVING sum(cents) > 0
),

-- Months up to the current one that aren't billed to their ends.
waiting AS (
    SELECT
        billed.vendor,
        billed.account,
        billed.currency,
        calendar.month,
        usual.months,
        usual.mean_cents - coalesce(spent.invoiced_cents, 0) AS cents
    FROM billed
    INNER JOIN usual
        ON billed.vendor = usual.vendor AND billed.account = usual.account AND billed.currency = usual.currency
    CROSS JOIN staging.run
    INNER JOIN intermediate.calendar_months AS calendar
        ON calendar.ends_at > billed.until_at
        AND calendar.starts_at <= run.started_at
    LEFT JOIN spent
        ON billed.vendor = spent.vendor AND billed.account = spent.account
        AND billed.currency = spent.currency AND calendar.month = spent.month
    WHERE
        spent.upcoming_cents IS NULL
        AND usual.mean_cents > coalesce(spent.invoiced_cents, 0)
        AND CAST(billed.last_month + INTERVAL 3 MONTH AS TIMESTAMPTZ) > run.started_at
),

accrued AS (
    SELECT
        vendor,
        account,
        currency,
        month,
        upcoming_cents AS cents,
        'upcoming' AS basis,
        CAST(NULL AS BIGINT) AS months
    FROM spent
    WHERE upcoming_cents IS NOT NULL
    UNION ALL
    SELECT
        vendor,
        account,
        currency,
        month,
        cents,
        'mean' AS basis,
        months
    FROM waiting
)

SELECT
    accrued.month, -- first day of the calendar month
    accrued.vendor, -- as in fct_invoices
    accrued.account, -- as in fct_invoices
    accrued.currency, -- ISO 4217
    CAST(accrued.cents AS BIGINT) * currency.minor_unit AS amount, -- what to accrue, in dollars, pounds, …
    accrued.basis, -- upcoming: the vendor's upcoming invoice says so; mean: of the last months that were billed in full
    accrued.months AS months_averaged, -- how many months the mean is of, three at most; null where there is an upcoming invoice
    CAST(accrued.month + INTERVAL 1 MONTH AS TIMESTAMPTZ) <= run.started_at AS is_over -- whether the month was over when this was built; else it may still grow
FROM accrued
INNER JOIN marts.dim_currencies AS currency ON accrued.currency = currency.currency
CROSS JOIN staging.run
WHERE CAST(accrued.month AS TIMESTAMPTZ) <= run.started_at
