-- One row per month that finance has closed with `billhouse close`, and not opened again: since when, and what was believed.
-- kept: whole
SELECT
    month, -- first day of the calendar month
    name, -- of the close: the month, with a number behind it where it was opened and closed again
    closed_at, -- when it was closed
    believed_at -- when the tables were built that were closed: `billhouse query --as-of` answers from what was known then
FROM staging.closed_months
