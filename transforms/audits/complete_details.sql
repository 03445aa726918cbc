-- error: an invoice has fewer or more lines, payments or refunds than its documents state, without those set aside
WITH built AS (
    SELECT invoice_id, 'line' AS kind, count(*) AS parts
    FROM marts.fct_invoice_lines
    WHERE record_type = 'line'
    GROUP BY invoice_id
    UNION ALL
    SELECT invoice_id, kind, count(*) AS parts
    FROM marts.fct_payments
    GROUP BY invoice_id, kind
),

expected AS (
    SELECT invoice_id, kind, parts - rejected_parts AS parts
    FROM intermediate.stated_parts
)

SELECT
    coalesce(expected.invoice_id, built.invoice_id) AS invoice_id,
    coalesce(expected.kind, built.kind) AS kind,
    expected.parts AS stated_parts,
    built.parts AS built_parts
FROM expected
FULL JOIN built ON expected.invoice_id = built.invoice_id AND expected.kind = built.kind
WHERE coalesce(expected.parts, 0) <> coalesce(built.parts, 0)
