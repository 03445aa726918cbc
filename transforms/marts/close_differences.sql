-- One row per line of a closed month that would now be another amount than when the month was closed: it was corrected, came
-- since, or is gone. Added up over a month and currency it is what the month would now be more.
-- kept: whole
WITH present AS (
    SELECT
        spent.month,
        spent.line_id,
        spent.currency,
        spent.vendor,
        spent.account,
        spent.category,
        line.description,
        spent.invoice_id,
        spent.amount_cents
    FROM marts.fct_monthly_spend AS spent
    INNER JOIN staging.closed_months AS closed ON spent.month = closed.month
    INNER JOIN marts.fct_invoice_lines AS line ON spent.line_id = line.line_id
    WHERE spent.payment_status <> 'void'
),

compared AS (
    SELECT
        coalesce(present.month, frozen.month) AS month,
        coalesce(present.line_id, frozen.line_id) AS line_id,
        coalesce(present.currency, frozen.currency) AS currency,
        coalesce(present.vendor, frozen.vendor) AS vendor,
        coalesce(present.account, frozen.account) AS account,
        coalesce(present.category, frozen.category) AS category,
        coalesce(present.description, frozen.description) AS description,
        coalesce(present.invoice_id, frozen.invoice_id) AS invoice_id,
        present.amount_cents AS now_cents,
        frozen.amount_cents AS then_cents
    FROM present
    FULL JOIN staging.closed_spend AS frozen
        ON present.month = frozen.month
        AND present.line_id = frozen.line_id
        AND present.currency = frozen.currency
    WHERE coalesce(present.amount_cents, 0) <> coalesce(frozen.amount_cents, 0)
)

SELECT
    compared.month, -- first day of the closed month
    compared.vendor, -- as in spend
    compared.account, -- as in spend
    compared.category, -- as in spend
    compared.description, -- what it is for, in the vendor's words
    compared.currency, -- ISO 4217
    compared.then_cents * currency.minor_unit AS amount_at_close, -- in dollars, pounds, …; null where the line came since
    compared.now_cents * currency.minor_unit AS amount_now, -- null where the line is gone
    (coalesce(compared.now_cents, 0) - coalesce(compared.then_cents, 0)) * currency.minor_unit AS difference, -- what it is now more
    compared.invoice_id, -- the invoice in fct_invoices, unless that is gone too
    compared.line_id -- the line in fct_invoice_lines, or as it was known then
FROM compared
INNER JOIN marts.dim_currencies AS currency ON compared.currency = currency.currency
