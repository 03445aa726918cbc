-- FOCUS, Cost and Usage: one row per line of every invoice that isn't void and whose billing period is known, so that
-- BilledCost adds up to spend. The columns of 1.2 and 1.4; a file has those of one. Columns in x_ are ours.
WITH invoices AS (
    SELECT
        invoice.*,
        coalesce(invoice.invoice_number, invoice.invoice_id) AS focus_invoice_id,
        coalesce(issuers.title, invoice.vendor) AS issuer,
        coalesce(issuers.service_category, 'Other') AS service_category,
        coalesce(issuers.service_subcategory, 'Other (Other)') AS service_subcategory
    FROM fct_invoices AS invoice
    LEFT JOIN issuers ON invoice.vendor = issuers.vendor
    WHERE
        invoice.billing_period_start IS NOT NULL AND invoice.billing_period_end IS NOT NULL
        AND invoice.payment_status <> 'void'
),

lines AS (
    SELECT
        line.*,
        CAST(line.amount_cents AS DECIMAL(19, 0)) * currencies.minor_unit AS cost,
        CASE line.category
            WHEN 'usage' THEN 'Usage'
            WHEN 'refund' THEN 'Usage'
            WHEN 'tax' THEN 'Tax'
            WHEN 'credit' THEN 'Credit'
            WHEN 'discount' THEN 'Credit'
            ELSE 'Adjustment'
        END AS charge_category
    FROM fct_invoice_lines AS line
    INNER JOIN dim_currencies AS currencies ON line.currency = currencies.currency
    WHERE line.amount_cents IS NOT NULL AND currencies.is_money
)

SELECT
    line.cost AS "BilledCost",
    invoice.account AS "BillingAccountId",
    invoice.account AS "BillingAccountName",
    line.currency AS "BillingCurrency",
    invoice.billing_period_end AS "BillingPeriodEnd",
    invoice.billing_period_start AS "BillingPeriodStart",
    line.charge_category AS "ChargeCategory",
    CAST(NULL AS VARCHAR) AS "ChargeClass",
    line.description AS "ChargeDescription",
    CASE WHEN line.charge_category = 'Usage' THEN 'Usage-Based' ELSE 'One-Time' END AS "ChargeFrequency",
    line.period_end AS "ChargePeriodEnd",
    line.period_start AS "ChargePeriodStart",
    line.cost AS "ContractedCost",
    line.cost AS "EffectiveCost",
    CAST(NULL AS VARCHAR) AS "HostProviderName",
    line.line_id AS "InvoiceDetailId",
    invoice.focus_invoice_id AS "InvoiceId",
    invoice.issuer AS "InvoiceIssuerName",
    line.cost AS "ListCost",
    CASE WHEN line.charge_category = 'Usage' THEN coalesce(line.quantity, 1) END AS "PricingQuantity",
    CASE
        WHEN line.charge_category <> 'Usage' THEN NULL
        WHEN line.quantity IS NULL THEN 'Charges'
        -- FOCUS's units are words.
        ELSE coalesce(replace(line.unit, '_', ' '), 'Units')
    END AS "PricingUnit",
    invoice.issuer AS "ProviderName",
    invoice.issuer AS "PublisherName",
    invoice.service_category AS "ServiceCategory",
    invoice.issuer AS "ServiceName",
    invoice.issuer AS "ServiceProviderName",
    invoice.service_subcategory AS "ServiceSubcategory",
    invoice.payment_status AS "x_PaymentStatus",
    invoice.payment_status = 'upcoming' AS "x_IsEstimate",
    line.record_type AS "x_RecordType",
    line.category AS "x_Category",
    line.sku AS "x_Sku",
    line.unit_price AS "x_UnitPrice",
    line.region AS "x_Region",
    line.project AS "x_Project",
    line.resource AS "x_Resource",
    line.tags AS "x_Tags",
    CASE
        WHEN line.charge_category <> 'Usage' THEN NULL
        WHEN line.quantity IS NULL THEN 'derived'
        ELSE 'stated'
    END AS "x_PricingQuantityBasis",
    invoice.billing_period_basis AS "x_BillingPeriodBasis",
    invoice.currency_basis AS "x_BillingCurrencyBasis",
    CASE WHEN invoice.invoice_number IS NULL THEN 'derived' ELSE 'stated' END AS "x_InvoiceIdBasis"
FROM lines AS line
INNER JOIN invoices AS invoice ON line.invoice_id = invoice.invoice_id
ORDER BY "InvoiceIssuerName", "BillingAccountId", "BillingPeriodStart", "InvoiceId", "InvoiceDetailId"
