-- How a time is read: a date, an ISO 8601 date and time (UTC where it names no offset), or Unix seconds.
-- NULL is what can't be read, also a moment outside 1970 to 2199: those are slips of a unit or a placeholder.

CREATE OR REPLACE MACRO is_date(value) AS regexp_matches(value, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$');

CREATE OR REPLACE MACRO is_sane(value) AS (value BETWEEN '1970' AND '2200');

-- A time that a server doesn't have: nothing, Go's zero time (in any zone, or as Unix seconds), a database's zero date.
CREATE OR REPLACE MACRO is_absent_time(value) AS
    regexp_matches(value, '^(((0001-01-0[12]|0000-12-3[01]|0000-00-00)([Tt ].*)?)|-62135596800([.]0+)?)?$');

-- Forms that are rare, put into the one that the engine casts: without seconds, with a comma, with a blank before the offset,
-- or with Go's two offsets. UTC where no offset is named, and said so: the engine would take the zone that the row before
-- named in letters. What those mean is guessed for none but UTC. A leap second is the moment after it.
CREATE OR REPLACE MACRO stated_time(value) AS
    TRY_CAST(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(replace(upper(value), ',', '.'), 'UTC|GMT', 'Z'), '^(.{16})($|[^:])', '\1:00\2'
                    ),
                    '^(.{16}):60',
                    '\1:59'
                ),
                '^(.{19}(?:[.][0-9]+)?) ?$',
                '\1Z'
            ),
            '^(.{10})[T ](.{8}(?:[.][0-9]+)?) ?(Z|[+-][0-9]{2}:?(?:[0-9]{2})?)(?: [A-Z]{1,4})?$',
            '\1 \2\3'
        ) AS TIMESTAMPTZ
    ) + CASE WHEN value LIKE '________________:60%' THEN INTERVAL 1 SECOND ELSE INTERVAL 0 SECOND END;

-- ISO 8601's basic forms and those without minutes, as the others: 20260701T0930Z is 2026-07-01T09:30:00Z.
CREATE OR REPLACE MACRO extended_time(value) AS
    regexp_replace(
        regexp_replace(
            regexp_replace(upper(value), '^([0-9]{4})-?([0-9]{2})-?([0-9]{2})', '\1-\2-\3'),
            '^(.{10})T([0-9]{2})(Z|[+-].*)?$', '\1T\2:00\3'
        ),
        '^(.{10})T([0-9]{2})([0-9]{2})([0-9]{2}(?:[.,][0-9]+)?)?(Z|[+-].*)?$', '\1T\2:\3:\4\5'
    );

-- Unix seconds, counted in whole microseconds: a double has too few digits for them.
CREATE OR REPLACE MACRO unix_time(seconds) AS
    make_timestamptz(
        CAST(TRY_CAST(regexp_extract(seconds, '^[0-9]+([.][0-9]{1,6})?') AS DECIMAL(22, 6)) * 1000000 AS BIGINT)
    );

CREATE OR REPLACE MACRO is_unix_time(value) AS
    regexp_matches(value, '^([1-6]?[0-9]{9}|7[01][0-9]{8})([.][0-9]*)?$');

CREATE OR REPLACE MACRO moment(value) AS
    CASE
        -- Most of what vendors send; the patterns below take longer than all else that is done to a line.
        WHEN value LIKE '____-__-__T__:__:__Z' AND value NOT LIKE '%:60Z' AND is_sane(value) THEN TRY_CAST(value AS TIMESTAMPTZ)
        WHEN is_date(value) AND is_sane(value) THEN TRY_CAST(value || ' 00:00:00+00:00' AS TIMESTAMPTZ)
        WHEN regexp_matches(value, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}') AND is_sane(value) THEN stated_time(value)
        WHEN is_unix_time(value) THEN unix_time(value)
        WHEN regexp_matches(value, '^[0-9]{1,17}([.][0-9]{0,17})?[eE][+-]?0{0,3}[0-9]{1,2}$')
            THEN CASE WHEN is_unix_time(plain_number(value)) THEN unix_time(plain_number(value)) END
        WHEN regexp_matches(value, '^[0-9]{4}-?[0-9]{2}-?[0-9]{2}([Tt].*)?$') AND is_sane(value)
            THEN stated_time(replace(regexp_replace(extended_time(value), '^(.{10})$', '\1T00:00:00Z'), ':Z', ':00Z'))
    END;

-- A date as Americans write it: 01/31/2014 is 2014-01-31.
CREATE OR REPLACE MACRO american_date(value) AS
    regexp_replace(value, '^([0-9]{2})/([0-9]{2})/([0-9]{4})$', '\3-\1-\2');

-- A day that lasts to its end, such as one that something is due on, as its last second.
CREATE OR REPLACE MACRO end_of_day(value) AS CASE WHEN is_date(value) THEN value || 'T23:59:59Z' ELSE value END;

-- An end that is stated as a minute's last second, as the moment after it.
CREATE OR REPLACE MACRO after_last_second(value) AS
    CASE
        WHEN value LIKE '%:59'
            THEN strftime(CAST(moment(value) AS TIMESTAMP) + INTERVAL 1 SECOND, '%Y-%m-%dT%H:%M:%SZ')
        ELSE value
    END;

-- Counted in whole microseconds: a double of seconds has too few digits for them.
CREATE OR REPLACE MACRO whole_seconds(earlier, later) AS (epoch_us(later) - epoch_us(earlier)) // 1000000;

-- The exclusive end of a stated period. A date counts as exclusive on the start's day of a later month (clamped where
-- that month is shorter), else it is the last day. A time is exclusive, unless a second or less is missing to whole days,
-- or a microsecond to whole seconds.
-- A period of one moment is the day that begins with it.
CREATE OR REPLACE MACRO is_anniversary(first, last) AS
    date_trunc('month', last) > date_trunc('month', first)
    AND extract(DAY FROM last) = least(extract(DAY FROM first), extract(DAY FROM last_day(last)));

CREATE OR REPLACE MACRO day_of(moment) AS CAST(moment AT TIME ZONE 'UTC' AS DATE);

CREATE OR REPLACE MACRO exclusive_end(period_start, period_end, ends_on_date) AS
    CASE
        WHEN ends_on_date AND is_anniversary(period_start, period_end) THEN period_end
        WHEN ends_on_date THEN period_end + INTERVAL 1 DAY
        WHEN period_end = period_start THEN period_start + INTERVAL 1 DAY
        WHEN whole_seconds(period_start, period_end) % 86400 = 86399
            THEN period_start + INTERVAL 1 DAY * (whole_seconds(period_start, period_end) // 86400 + 1)
        WHEN (epoch_us(period_end) - epoch_us(period_start)) % 1000000 = 999999 THEN period_end + INTERVAL 1 MICROSECOND
        ELSE period_end
    END;

-- A number that stands for a moment: sums of them are the same where they are of the same moments, in whatever order.
CREATE OR REPLACE MACRO moment_number(value) AS
    CAST(md5_number_lower(CAST(epoch_us(value) AS VARCHAR)) AS HUGEINT);
