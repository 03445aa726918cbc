-- How FOCUS charges are read.

-- FOCUS's periods end with the first moment after them, also where only a date is written.
CREATE OR REPLACE MACRO focus_time(value) AS regexp_replace(value, '^(.{10})$', '\1T00:00:00Z');

-- Quantities are added up, so that one beyond a trillion counts as unreadable: no sum of them can be too large.
CREATE OR REPLACE MACRO bounded_quantity(quantity) AS CASE WHEN abs(quantity) <= 1000000000000 THEN quantity END;

CREATE OR REPLACE MACRO focus_quantity(value) AS bounded_quantity(coalesce(short_quantity(value), long_quantity(value)));
