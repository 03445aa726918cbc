-- One row per kind of change from the database `before` to the one in use, of the demo.
WITH changes AS (
    SELECT
        vendor,
        CASE
            WHEN old.invoice_id IS NULL THEN 'new'
            WHEN new.invoice_id IS NULL THEN 'upcoming one settled into issued ones'
            WHEN new.delisted_at IS NOT NULL AND old.delisted_at IS NULL THEN 'delisted'
            WHEN old.payment_status = 'upcoming' AND new.payment_status <> 'upcoming' THEN 'issued'
            WHEN new.payment_status <> old.payment_status THEN old.payment_status || ' → ' || new.payment_status
            WHEN new.total_cents <> old.total_cents THEN 'amount corrected'
        END AS change
    FROM before.fct_invoices AS old
    FULL JOIN fct_invoices AS new USING (invoice_id, vendor)
)

SELECT change, count(*) AS invoices, string_agg(DISTINCT vendor, ', ' ORDER BY vendor) AS vendors
FROM changes
WHERE change IS NOT NULL
GROUP BY change
ORDER BY change
