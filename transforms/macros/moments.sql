-- How a time is read: a date, an ISO 8601 date and time (UTC where it names no offset), or Unix seconds.
-- NULL is what can't be read, also a moment outside 1970 to 2199: those are slips of a unit or a placeholder.

CREATE OR REPLACE MACRO is_date(value) AS regexp_matches(value, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$');

CREATE OR REPLACE MACRO sane(moment) AS
    CASE
        WHEN moment >= TIMESTAMPTZ '1970-01-01 00:00:00+00:00' AND moment < TIMESTAMPTZ '2200-01-01 00:00:00+00:00'
            THEN moment
    END;

CREATE OR REPLACE MACRO moment(value) AS
    sane(
        CASE
            -- Most of what vendors send; the patterns below take longer than all else that is done to a line.
            WHEN value LIKE '____-__-__T__:__:__Z' THEN TRY_CAST(value AS TIMESTAMPTZ)
            WHEN is_date(value) THEN TRY_CAST(value || ' 00:00:00+00:00' AS TIMESTAMPTZ)
            WHEN regexp_matches(value, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$')
                THEN TRY_CAST(upper(value) || CASE WHEN length(value) = 16 THEN ':00' ELSE '' END || '+00:00' AS TIMESTAMPTZ)
            WHEN regexp_matches(value, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                THEN TRY_CAST(upper(value) AS TIMESTAMPTZ)
            WHEN regexp_matches(value, '^[0-9]{9,10}([.][0-9]{1,6})?$') THEN to_timestamp(TRY_CAST(value AS DOUBLE))
        END
    );

-- Counted in whole microseconds: a double of seconds has too few digits for them.
CREATE OR REPLACE MACRO whole_seconds(earlier, later) AS (epoch_us(later) - epoch_us(earlier)) // 1000000;

-- The exclusive end of a stated period. A date counts as exclusive on the start's day of a later month (clamped where
-- that month is shorter), else it is the last day. A time is exclusive, unless a second or less is missing to whole days.
CREATE OR REPLACE MACRO is_anniversary(first, last) AS
    date_trunc('month', last) > date_trunc('month', first)
    AND extract(DAY FROM last) = least(extract(DAY FROM first), extract(DAY FROM last_day(last)));

CREATE OR REPLACE MACRO day_of(moment) AS CAST(moment AT TIME ZONE 'UTC' AS DATE);

CREATE OR REPLACE MACRO exclusive_end(period_start, period_end, ends_on_date) AS
    CASE
        WHEN ends_on_date AND is_anniversary(day_of(period_start), day_of(period_end)) THEN period_end
        WHEN ends_on_date THEN period_end + INTERVAL 1 DAY
        WHEN period_end > period_start AND whole_seconds(period_start, period_end) % 86400 = 86399
            THEN period_start + INTERVAL 1 DAY * ((whole_seconds(period_start, period_end) + 1) // 86400)
        ELSE period_end
    END;
