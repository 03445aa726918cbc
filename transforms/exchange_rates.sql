-- One row per version of a day's row of the ECB's euro reference rates, as it was believed at the run's as_of. `settled_at`
-- is when a rate of that day, or of a later one, was first known: from then on, the last published day on or before it is
-- known for good. Whoever builds makes it staging.exchange_rates.
WITH known AS (
    SELECT
        CAST(day AS DATE) AS day,
        document,
        valid_from,
        CASE WHEN valid_to <= run.as_of THEN valid_to END AS valid_to
    FROM {relation}
    CROSS JOIN staging.run
    WHERE valid_from <= run.as_of
)

SELECT
    day,
    document,
    valid_from,
    valid_to,
    min(valid_from) OVER (ORDER BY day DESC) AS settled_at
FROM known
