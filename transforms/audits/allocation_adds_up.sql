-- error: marts.fct_allocated_spend of a line and month doesn't add up to marts.spend, has a team twice, or says otherwise whose it is
WITH allocated AS (
    SELECT
        line_id,
        month,
        sum(amount) AS amount,
        count(*) AS parts,
        count(DISTINCT team) AS teams,
        min(concat_ws('/', vendor, account, category, currency, is_estimate, invoice_id)) AS first_words,
        max(concat_ws('/', vendor, account, category, currency, is_estimate, invoice_id)) AS last_words
    FROM marts.fct_allocated_spend
    GROUP BY line_id, month
),

spent AS (
    SELECT
        spend.line_id,
        spend.month,
        spend.amount,
        concat_ws(
            '/', spend.vendor, spend.account, spend.category, spend.currency, spend.is_estimate, spend.invoice_id
        ) AS words
    FROM marts.spend AS spend
    INNER JOIN (SELECT count(*) AS rules FROM staging.allocation_rules) AS configured ON configured.rules > 0
    WHERE spend.amount IS NOT NULL
)

SELECT
    coalesce(spent.line_id, allocated.line_id) AS line_id,
    coalesce(spent.month, allocated.month) AS month,
    spent.amount,
    allocated.amount AS allocated_amount,
    allocated.parts,
    allocated.teams
FROM spent
FULL JOIN allocated ON spent.line_id = allocated.line_id AND spent.month IS NOT DISTINCT FROM allocated.month
WHERE
    spent.amount IS DISTINCT FROM allocated.amount
    OR allocated.parts IS DISTINCT FROM allocated.teams
    OR spent.words IS DISTINCT FROM allocated.first_words
    OR spent.words IS DISTINCT FROM allocated.last_words
