-- FOCUS 1.4, Invoice Detail: one row per line of every invoice whose billing period is known. docs/focus.md says of each
-- column where it comes from. Columns in x_ are ours; lines without an amount are left out, since FOCUS has no place for them.
WITH invoices AS (
    SELECT
        invoice.*,
        coalesce(invoice.invoice_number, invoice.invoice_id) AS focus_invoice_id,
        coalesce(issuers.title, invoice.vendor) AS issuer,
        CAST(invoice.paid_cents AS DECIMAL(19, 0)) * currencies.minor_unit AS paid
    FROM fct_invoices AS invoice
    INNER JOIN dim_currencies AS currencies ON invoice.currency = currencies.currency
    LEFT JOIN issuers ON invoice.vendor = issuers.vendor
    WHERE invoice.billing_period_start IS NOT NULL AND invoice.billing_period_end IS NOT NULL
),

reported AS (
    SELECT line_id, CAST(sum(reporting_amount_cents) AS DECIMAL(19, 0)) AS cents
    FROM fct_reporting_spend
    GROUP BY line_id
)

SELECT
    CAST(line.amount_cents AS DECIMAL(19, 0)) * currencies.minor_unit AS "BilledCost",
    invoice.account AS "BillingAccountId",
    line.currency AS "BillingCurrency",
    invoice.billing_period_start AS "BillingPeriodStart",
    invoice.billing_period_end AS "BillingPeriodEnd",
    CASE line.category
        WHEN 'usage' THEN 'Usage'
        WHEN 'refund' THEN 'Usage'
        WHEN 'tax' THEN 'Tax'
        WHEN 'credit' THEN 'Credit'
        WHEN 'discount' THEN 'Credit'
        ELSE 'Adjustment'
    END AS "ChargeCategory",
    line.line_id AS "InvoiceDetailId",
    invoice.first_seen_at AS "InvoiceDetailCreated",
    invoice.updated_at AS "InvoiceDetailLastUpdated",
    line.description AS "InvoiceDetailDescription",
    '{' || concat_ws(
        ',',
        '"x_RecordType":"' || line.record_type || '"',
        '"x_Category":"' || line.category || '"',
        '"SkuId":' || CAST(to_json(line.sku) AS VARCHAR),
        '"RegionId":' || CAST(to_json(line.region) AS VARCHAR),
        '"x_Project":' || CAST(to_json(line.project) AS VARCHAR),
        '"x_Resource":' || CAST(to_json(line.resource) AS VARCHAR)
    ) || '}' AS "InvoiceDetailGrain",
    invoice.focus_invoice_id AS "InvoiceId",
    CAST(NULL AS TIMESTAMPTZ) AS "InvoiceIssueDate",
    CASE invoice.payment_status
        WHEN 'upcoming' THEN 'Open'
        WHEN 'void' THEN 'Voided'
        ELSE 'Issued'
    END AS "InvoiceIssueStatus",
    invoice.issuer AS "InvoiceIssuerName",
    invoice.due_at AS "PaymentDueDate",
    'Not stated' AS "PaymentTerms",
    invoice.focus_invoice_id AS "ReferenceInvoiceId",
    invoice.payment_status AS "x_PaymentStatus",
    invoice.billing_period_basis AS "x_BillingPeriodBasis",
    invoice.currency_basis AS "x_BillingCurrencyBasis",
    CASE WHEN invoice.invoice_number IS NULL THEN 'derived' ELSE 'stated' END AS "x_InvoiceIdBasis",
    invoice.paid AS "x_InvoicePaidAmount",
    invoice.paid_at AS "x_InvoicePaidDate",
    invoice.reporting_currency AS "x_ReportingCurrency",
    reported.cents * reporting_currencies.minor_unit AS "x_ReportingBilledCost",
    invoice.exchange_rate AS "x_ExchangeRate",
    invoice.exchange_rate_date AS "x_ExchangeRateDate",
    invoice.exchange_rate_basis AS "x_ExchangeRateBasis"
FROM fct_invoice_lines AS line
INNER JOIN invoices AS invoice ON line.invoice_id = invoice.invoice_id
INNER JOIN dim_currencies AS currencies ON line.currency = currencies.currency
LEFT JOIN reported ON line.line_id = reported.line_id
LEFT JOIN dim_currencies AS reporting_currencies ON invoice.reporting_currency = reporting_currencies.currency
WHERE line.amount_cents IS NOT NULL AND currencies.is_money
ORDER BY "InvoiceIssuerName", "BillingAccountId", "BillingPeriodStart", "InvoiceId", "InvoiceDetailId"
