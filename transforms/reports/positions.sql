-- One row per currency: the newest closed month and what it adds up to, how many of the accounts that bill in the currency
-- have an invoice in it (others may be late, or over), and what is unpaid. A month is closed in a currency when no account
-- that bills in it still has it open. `overdue_cents` is past due, or a charge of it failed.
WITH billing AS (
    SELECT DISTINCT currency, vendor, account FROM fct_invoices
),

currencies AS (
    SELECT currency, count(*) AS accounts FROM billing GROUP BY currency
),

months AS (
    SELECT
        billing.currency,
        period.month,
        count(*) AS accounts,
        bool_and(period.is_closed) AS is_closed
    FROM billing
    INNER JOIN dim_billing_periods AS period ON billing.vendor = period.vendor AND billing.account = period.account
    GROUP BY billing.currency, period.month
),

closed AS (
    SELECT currency, max(month) AS month, arg_max(accounts, month) AS accounts
    FROM months
    WHERE is_closed
    GROUP BY currency
),

spent AS (
    SELECT currency, month, CAST(sum(amount_cents) AS HUGEINT) AS cents
    FROM fct_monthly_spend
    GROUP BY currency, month
),

unpaid AS (
    SELECT
        payable.currency,
        count(*) AS invoices,
        CAST(sum(invoice.balance_due_cents) AS HUGEINT) AS cents,
        CAST(
            sum(CASE WHEN payable.payment_status = 'open' THEN 0 ELSE invoice.balance_due_cents END) AS HUGEINT
        ) AS overdue_cents
    FROM payables AS payable
    INNER JOIN fct_invoices AS invoice ON payable.invoice_id = invoice.invoice_id
    WHERE payable.is_known
    GROUP BY payable.currency
)

SELECT
    currencies.currency,
    coalesce(strftime(closed.month, '%Y-%m'), '–') AS month,
    spent.cents AS total_cents,
    coalesce(closed.accounts, 0) || ' of ' || currencies.accounts AS accounts,
    coalesce(unpaid.invoices, 0) AS unpaid,
    coalesce(unpaid.cents, 0) AS to_pay_cents,
    coalesce(unpaid.overdue_cents, 0) AS overdue_cents
FROM currencies
LEFT JOIN closed ON currencies.currency = closed.currency
LEFT JOIN spent ON closed.currency = spent.currency AND closed.month = spent.month
LEFT JOIN unpaid ON currencies.currency = unpaid.currency
ORDER BY currencies.currency
