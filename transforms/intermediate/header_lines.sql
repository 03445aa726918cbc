-- One row per amount that stands only on the invoice: what its lines don't carry, and what is then left unexplained.
-- An invoice without lines is one row of usage, and one of tax where that is stated. A line in another currency carries
-- nothing of the invoice's.
-- kept: scratch
WITH line_sums AS (
    SELECT
        invoice_id,
        sum(CASE WHEN is_in_invoice_currency THEN amount_cents END) AS amount_cents,
        bool_or(category = 'tax' AND is_in_invoice_currency) AS has_tax,
        bool_or(category = 'credit' AND is_in_invoice_currency) AS has_credit,
        bool_or(category = 'discount' AND is_in_invoice_currency) AS has_discount
    FROM intermediate.accepted_line_readings
    GROUP BY invoice_id
),

amounts AS (
    SELECT
        invoice.*,
        line_sums.invoice_id IS NOT NULL AS has_lines,
        coalesce(line_sums.amount_cents, 0) AS lines_cents,
        CASE WHEN coalesce(line_sums.has_tax, FALSE) THEN 0 ELSE coalesce(invoice.tax_cents, 0) END AS tax,
        CASE
            WHEN line_sums.invoice_id IS NULL OR line_sums.has_credit THEN 0
            ELSE -coalesce(invoice.credit_cents, 0)
        END AS credit,
        CASE
            WHEN line_sums.invoice_id IS NULL OR line_sums.has_discount THEN 0
            ELSE -coalesce(invoice.discount_cents, 0)
        END AS discount,
        CASE
            WHEN line_sums.invoice_id IS NULL THEN 0
            ELSE -coalesce(invoice.starting_balance_cents, 0)
        END AS starting_balance
    FROM staging.stg_all__invoices AS invoice
    LEFT JOIN line_sums ON invoice.invoice_id = line_sums.invoice_id
),

headers AS (
    SELECT *, 'tax' AS category, 'Tax' AS description, CAST(tax AS HUGEINT) AS cents FROM amounts
    UNION ALL
    SELECT *, 'credit' AS category, 'Credits' AS description, CAST(credit AS HUGEINT) AS cents FROM amounts
    UNION ALL
    SELECT *, 'discount' AS category, 'Discounts' AS description, CAST(discount AS HUGEINT) AS cents FROM amounts
    UNION ALL
    SELECT *, 'adjustment' AS category, 'Starting balance' AS description, CAST(starting_balance AS HUGEINT) AS cents
    FROM amounts
    UNION ALL
    SELECT
        *,
        CASE WHEN has_lines THEN 'unexplained' ELSE 'usage' END AS category,
        CASE WHEN has_lines THEN 'What the lines leave unexplained' ELSE 'Invoice total before tax' END AS description,
        CAST(total_cents AS HUGEINT) - lines_cents - tax - credit - discount - starting_balance AS cents
    FROM amounts
)

SELECT
    md5(invoice_id || '/header/' || category) AS line_id,
    invoice_id,
    vendor,
    account,
    'header' AS record_type,
    category,
    description,
    CAST(NULL AS VARCHAR) AS sku,
    CAST(NULL AS DECIMAL(38, 12)) AS quantity,
    CAST(NULL AS VARCHAR) AS unit,
    CAST(NULL AS DECIMAL(38, 12)) AS unit_price,
    CAST(cents AS BIGINT) AS amount_cents,
    FALSE AS is_rounded,
    currency,
    TRUE AS is_in_invoice_currency,
    billing_period_start AS period_start,
    billing_period_end AS period_end,
    CAST(NULL AS VARCHAR) AS project,
    CAST(NULL AS VARCHAR) AS resource,
    CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS tags
FROM headers
WHERE cents <> 0 OR category = 'usage'
