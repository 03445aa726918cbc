-- One row per correction that the ECB made to a rate after it was frozen for an issued invoice: the rate by which the
-- invoice is converted stays as it is.
-- kept: scratch
WITH versions AS (
    SELECT
        candidate.invoice_id,
        candidate.valid_from,
        candidate.frozen_at,
        quotient(candidate.own_units, candidate.reporting_units) AS exchange_rate
    FROM intermediate.rate_candidates AS candidate
    INNER JOIN intermediate.invoice_rates AS rate
        ON candidate.invoice_id = rate.invoice_id AND candidate.day = rate.exchange_rate_date
    WHERE rate.exchange_rate_basis = 'period_end'
),

compared AS (
    SELECT
        invoice_id,
        valid_from,
        frozen_at,
        exchange_rate,
        lag(exchange_rate) OVER (PARTITION BY invoice_id ORDER BY valid_from) AS rate_before
    FROM versions
)

SELECT
    invoice_id,
    valid_from AS changed_at,
    regexp_replace(CAST(rate_before AS VARCHAR), '[.]?0+$', '') AS rate_before,
    regexp_replace(CAST(exchange_rate AS VARCHAR), '[.]?0+$', '') AS rate_after
FROM compared
WHERE valid_from > frozen_at AND exchange_rate <> rate_before
