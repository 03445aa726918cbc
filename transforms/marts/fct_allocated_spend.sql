-- One row per line, calendar month (UTC) and team: the team's part of the line by the rules of [allocation], in whole currency
-- units that add up to spend exactly (largest remainder; of equal ones the rule's earlier row gets the unit). What no rule
-- gives to a team is of the team `unallocated`. Without rules it is empty.
-- kept: whole
WITH lines AS (
    SELECT
        spent.month,
        spent.line_id,
        spent.invoice_id,
        spent.vendor,
        spent.account,
        spent.category,
        spent.currency,
        spent.payment_status,
        CAST(spent.amount_cents AS HUGEINT) AS cents,
        coalesce(line.project, '') AS project,
        coalesce(line.resource, '') AS resource,
        coalesce(line.sku, '') AS sku,
        coalesce(line.tags, '') AS tags
    FROM marts.fct_monthly_spend AS spent
    INNER JOIN marts.fct_invoice_lines AS line ON spent.line_id = line.line_id
    INNER JOIN (SELECT count(*) AS rules FROM staging.allocation_rules) AS configured ON configured.rules > 0
    WHERE spent.payment_status <> 'void' AND spent.amount_cents IS NOT NULL
),

-- Many lines are of one kind, which is compared with each rule once.
line_kinds AS (
    SELECT DISTINCT month, vendor, account, project, resource, tags, category, sku
    FROM lines
),

tagged AS (
    SELECT DISTINCT rule.rule, stated.tags
    FROM staging.allocation_rules AS rule
    INNER JOIN intermediate.line_tags AS stated ON stated.tag LIKE rule.tag ESCAPE '\'
),

ruled AS (
    SELECT
        kind.month,
        kind.vendor,
        kind.account,
        kind.project,
        kind.resource,
        kind.tags,
        kind.category,
        kind.sku,
        min(rule.rule) AS rule
    FROM line_kinds AS kind
    INNER JOIN staging.allocation_rules AS rule
        ON kind.vendor LIKE rule.vendor ESCAPE '\'
        AND kind.account LIKE rule.account ESCAPE '\'
        AND kind.project LIKE rule.project ESCAPE '\'
        AND kind.resource LIKE rule.resource ESCAPE '\'
        AND kind.category LIKE rule.category ESCAPE '\'
        AND kind.sku LIKE rule.sku ESCAPE '\'
        AND (rule.valid_from IS NULL OR kind.month >= rule.valid_from)
        AND (rule.valid_to IS NULL OR kind.month <= rule.valid_to)
    LEFT JOIN tagged ON rule.rule = tagged.rule AND kind.tags = tagged.tags
    WHERE rule.tag = '%' OR tagged.rule IS NOT NULL
    GROUP BY
        kind.month, kind.vendor, kind.account, kind.project, kind.resource, kind.tags, kind.category, kind.sku
),

ruled_lines AS (
    SELECT line.*, coalesce(ruled.rule, 0) AS rule
    FROM lines AS line
    LEFT JOIN ruled
        ON line.month IS NOT DISTINCT FROM ruled.month
        AND line.vendor = ruled.vendor
        AND line.account = ruled.account
        AND line.project = ruled.project
        AND line.resource = ruled.resource
        AND line.tags = ruled.tags
        AND line.category = ruled.category
        AND line.sku = ruled.sku
),

-- What a team costs by itself in a month, by which costs are shared in proportion; less than nothing weighs nothing.
direct AS (
    SELECT
        line.month,
        line.currency,
        share.team,
        greatest(sum(line.cents * share.weight) // 1000000, 0) AS weight
    FROM ruled_lines AS line
    INNER JOIN staging.allocation_shares AS share ON line.rule = share.rule
    WHERE share.is_direct
    GROUP BY line.month, line.currency, share.team
),

weighed AS (
    SELECT
        line.*,
        share.team,
        share.place,
        coalesce(share.weight, direct.weight) AS weight,
        sum(coalesce(share.weight, direct.weight)) OVER (PARTITION BY line.line_id, line.month) AS weights
    FROM ruled_lines AS line
    INNER JOIN staging.allocation_shares AS share ON line.rule = share.rule
    LEFT JOIN direct
        ON line.month IS NOT DISTINCT FROM direct.month
        AND line.currency = direct.currency AND share.team = direct.team
),

-- Where nothing has a weight, all of it is nobody's.
parts AS (
    SELECT
        *,
        CASE WHEN weights > 0 THEN abs(cents) * weight // weights ELSE abs(cents) END AS whole_cents,
        CASE WHEN weights > 0 THEN abs(cents) * weight % weights ELSE 0 END AS remainder
    FROM weighed
    WHERE weight > 0 OR (weights = 0 AND place IS NULL)
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY line_id, month ORDER BY remainder DESC, place NULLS LAST) AS rank,
        abs(cents) - sum(whole_cents) OVER (PARTITION BY line_id, month) AS left_over
    FROM parts
)

SELECT
    ranked.month, -- first day of the calendar month; null where no period is known
    ranked.team, -- the team or cost centre of the rules; unallocated: no rule names one for this part
    ranked.vendor, -- as in fct_invoices
    ranked.account, -- as in fct_invoices
    ranked.category, -- as in spend
    ranked.currency, -- ISO 4217
    CAST(sign(ranked.cents) AS BIGINT) * CAST(
        ranked.whole_cents + CASE WHEN ranked.rank <= ranked.left_over THEN 1 ELSE 0 END AS BIGINT
    ) * currency.minor_unit AS amount, -- the team's part, in dollars, pounds, …
    ranked.payment_status = 'upcoming' AS is_estimate, -- the invoice still accrues, so that it may change
    nullif(ranked.rule, 0) AS rule, -- where in the file the rule stands: the line of its first row; null where none fits
    ranked.invoice_id, -- the invoice in fct_invoices
    ranked.line_id -- the line in fct_invoice_lines
FROM ranked
INNER JOIN marts.dim_currencies AS currency ON ranked.currency = currency.currency
