-- Texts as times: what the macro of a moment reads, and what it doesn't.
SELECT given, moment(given) AS moment, is_absent_time(given) AS is_absent
FROM (
    VALUES
        ('2026-07-01'),
        ('2026-02-30'),
        ('20260701'),
        ('2026-7-1'),
        ('2026/07/01'),
        ('1969-12-31'),
        ('2200-01-01'),
        ('2026-07-01T09:30:00Z'),
        ('2026-07-01t09:30:00z'),
        ('2026-07-01T09:30:00,5Z'),
        ('2026-07-01 09:30:00.123456 +02:00'),
        ('2026-07-01 09:30:00 UTC'),
        ('2026-07-01 09:30:00 GMT'),
        ('2026-07-01 09:30:00 CET'),
        ('2026-07-01 09:30:00 +0000 UTC'),
        ('2026-07-01T09:30'),
        ('2026-07-01T09:30Z'),
        ('2026-06-30T23:59:60Z'),
        ('2026-07-01T09Z'),
        ('2026-07-01T09+02:00'),
        ('20260701T09Z'),
        ('20260701T0930Z'),
        ('20260701t0930z'),
        ('20260701T093015Z'),
        ('20260701T093015,25+02:00'),
        ('20260701T093015.25'),
        ('2026-07-01Tea'),
        ('1782864000'),
        ('1782864000.123456789'),
        ('1.782864e9'),
        ('17828640e2'),
        ('1e3'),
        ('1e99'),
        ('0001-01-01T00:00:00Z'),
        ('-62135596800'),
        (''),
        ('tomorrow')
) AS texts (given)
ORDER BY given;

-- Stated ends as exclusive ones.
SELECT
    period_start,
    period_end,
    exclusive_end(CAST(period_start AS TIMESTAMPTZ), CAST(period_end AS TIMESTAMPTZ), FALSE) AS of_times,
    exclusive_end(CAST(period_start AS TIMESTAMPTZ), CAST(period_end AS TIMESTAMPTZ), TRUE) AS of_dates
FROM (
    VALUES
        ('2026-06-01', '2026-06-30'),
        ('2026-06-01', '2026-07-01'),
        ('2026-01-31', '2026-02-28'),
        ('2026-01-31', '2026-03-01'),
        ('2026-06-15', '2026-06-15'),
        ('2026-06-01', '2026-06-30 23:59:59'),
        ('2026-06-01', '2026-06-30 23:59:58'),
        ('2026-06-01', '2026-06-30 12:00:00.999999'),
        ('2026-06-01 00:00:00.25', '2026-06-30 12:00:00.249999'),
        ('2026-06-01 00:00:00.25', '2026-06-30 12:00:00.749999')
) AS periods (period_start, period_end)
ORDER BY period_start, period_end
