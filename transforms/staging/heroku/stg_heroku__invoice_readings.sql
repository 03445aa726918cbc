-- One row per version of an invoice that Heroku listed, of an account or of a team, under Billhouse's names. Amounts are
-- cents; no currency is stated anywhere. What is pending accrues until its month is over, and its end grows from day to day.
-- kept: view
WITH renamed AS (
    SELECT
        *,
        stated(document ->> '$.number') AS invoice_number,
        american_date(stated(document ->> '$.period_start')) AS period_start,
        american_date(stated(document ->> '$.period_end')) AS stated_end,
        document -> '$.total' AS total,
        document -> '$.charges_total' AS subtotal,
        coalesce(stated(document ->> '$.payment_status'), stated(document ->> '$.state')) AS vendor_status,
        lower(stated(document ->> '$.payment_status')) = 'paid' AS is_called_paid,
        CASE
            WHEN lower(stated(document ->> '$.state')) IN ('0', 'pending') THEN 'open'
            WHEN lower(stated(document ->> '$.state')) IN ('1', 'successful') THEN 'paid'
            WHEN lower(stated(document ->> '$.state')) IN ('2', 'failed') THEN 'failed'
        END AS status_by_state
    FROM staging.source_heroku__invoices
),

months AS (
    SELECT
        *,
        date_trunc('month', CAST(moment(period_start) AS TIMESTAMP)) + INTERVAL 1 MONTH AS month_end
    FROM renamed
),

running AS (
    SELECT
        *,
        status_by_state = 'open'
        AND CAST(moment(stated_end) AS TIMESTAMP) < month_end - INTERVAL 1 DAY AS is_running
    FROM months
)

SELECT
    * EXCLUDE (stated_end, month_end, is_running, is_called_paid, status_by_state),
    FALSE AS is_listed_upcoming,
    CASE WHEN is_running THEN strftime(month_end, '%Y-%m-%dT00:00:00Z') ELSE stated_end END AS period_end,
    CASE WHEN is_running THEN 'derived' ELSE 'stated' END AS billing_period_basis,
    'USD' AS currency,
    'assumed' AS currency_basis,
    FALSE AS is_major_unit,
    CASE
        -- A team's invoice says it twice; where the two contradict each other, nobody can tell.
        WHEN is_called_paid AND status_by_state <> 'paid' THEN 'unknown'
        WHEN is_called_paid THEN 'paid'
        ELSE coalesce(status_by_state, 'unknown')
    END AS payment_status,
    TRUE AS accrues_until_period_end
FROM running
