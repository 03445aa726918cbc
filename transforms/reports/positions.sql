-- One row per currency: its newest closed month and what that adds up to, as in spend, how many of the accounts that bill in
-- the currency have an invoice in it, and what is unpaid; money alone, since nobody owes credits. `overdue_cents` is past due, or
-- a charge of it failed.
WITH currencies AS (
    SELECT invoice.currency, count(DISTINCT row(invoice.vendor, invoice.account)) AS accounts
    FROM fct_invoices AS invoice
    INNER JOIN dim_currencies AS named ON invoice.currency = named.currency
    WHERE named.is_money
    GROUP BY invoice.currency
),

spent AS (
    SELECT currency, month, CAST(sum(amount_cents) AS HUGEINT) AS cents
    FROM fct_monthly_spend
    WHERE payment_status <> 'void'
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
    strftime(closed.month, '%Y-%m') AS month,
    spent.cents AS total_cents,
    coalesce(closed.accounts, 0) AS accounts_in_month,
    currencies.accounts,
    coalesce(unpaid.invoices, 0) AS unpaid,
    coalesce(unpaid.cents, 0) AS to_pay_cents,
    coalesce(unpaid.overdue_cents, 0) AS overdue_cents
FROM currencies
LEFT JOIN report_closed_months AS closed ON currencies.currency = closed.currency
LEFT JOIN spent ON closed.currency = spent.currency AND closed.month = spent.month
LEFT JOIN unpaid ON currencies.currency = unpaid.currency
ORDER BY currencies.currency
