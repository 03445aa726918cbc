-- One row per vendor, account and what tells its lines apart (product, project, resource; '' where it isn't asked for), of
-- what they cost in the newest closed month of $currency, against the month before it, as in spend. The first $limit by {rank}.
WITH spent AS (
    SELECT
        spend.vendor,
        spend.account,
        {product} AS product,
        {project} AS project,
        {resource} AS resource,
        sum(part.amount_cents) FILTER (WHERE spend.month = closed.month) AS cents,
        sum(part.amount_cents) FILTER (WHERE spend.month < closed.month) AS before_cents
    FROM spend
    INNER JOIN report_closed_months AS closed
        ON spend.currency = closed.currency AND spend.month BETWEEN closed.month - INTERVAL 1 MONTH AND closed.month
    INNER JOIN fct_monthly_spend AS part ON spend.line_id = part.line_id AND spend.month = part.month
    WHERE spend.currency = $currency
    GROUP BY ALL
)

SELECT
    vendor,
    account,
    product,
    project,
    resource,
    coalesce(cents, 0) AS cents,
    coalesce(before_cents, 0) AS before_cents,
    coalesce(cents, 0) - coalesce(before_cents, 0) AS change_cents
FROM spent
WHERE cents <> 0 OR before_cents <> 0
ORDER BY {rank} DESC, vendor, account, product, project, resource
LIMIT $limit
