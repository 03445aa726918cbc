-- One row per version of a listed document of any vendor. The first branch names what a vendor's reading may state
-- and its type; what a vendor leaves out is null.
-- kept: view
SELECT
    CAST(NULL AS VARCHAR) AS vendor,
    CAST(NULL AS VARCHAR) AS account,
    CAST(NULL AS VARCHAR) AS listing,
    CAST(NULL AS VARCHAR) AS document_key,
    CAST(NULL AS VARCHAR) AS listed_key, -- the document's own, where it states several invoices, each with a key of its own
    CAST(NULL AS BOOLEAN) AS is_known_by_period, -- there is no id or number: the key is made of the period
    CAST(NULL AS VARCHAR) AS document,
    CAST(NULL AS VARCHAR) AS verbatim,
    CAST(NULL AS TIMESTAMPTZ) AS valid_from,
    CAST(NULL AS TIMESTAMPTZ) AS valid_to,
    CAST(NULL AS VARCHAR) AS load_id,
    CAST(NULL AS VARCHAR) AS invoice_number,
    CAST(NULL AS VARCHAR) AS period_start,
    CAST(NULL AS VARCHAR) AS period_end,
    CAST(NULL AS VARCHAR) AS billing_period_basis,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS VARCHAR) AS currency_basis,
    CAST(NULL AS BOOLEAN) AS is_major_unit, -- amounts are dollars, pounds, …; else cents, pence, …
    CAST(NULL AS JSON) AS total,
    CAST(NULL AS JSON) AS subtotal,
    CAST(NULL AS JSON) AS tax,
    CAST(NULL AS BOOLEAN) AS is_rest_tax, -- tax is what the total is above the subtotal
    CAST(NULL AS JSON) AS discount,
    CAST(NULL AS JSON) AS credit,
    CAST(NULL AS JSON) AS starting_balance,
    CAST(NULL AS JSON) AS paid,
    CAST(NULL AS JSON) AS other_total, -- the total once more, as the vendor converts it
    CAST(NULL AS VARCHAR) AS other_currency, -- into this currency
    CAST(NULL AS VARCHAR) AS due,
    CAST(NULL AS VARCHAR) AS paid_on,
    CAST(NULL AS VARCHAR) AS payment_failed,
    CAST(NULL AS VARCHAR) AS payment_status,
    CAST(NULL AS BOOLEAN) AS accrues_until_period_end, -- what is open is still upcoming while its period lasts
    CAST(NULL AS BOOLEAN) AS is_listed_upcoming,
    CAST(NULL AS VARCHAR) AS vendor_status,
    CAST(NULL AS VARCHAR) AS invoice_url,
    CAST(NULL AS VARCHAR) AS doubt -- why the document can't be trusted, where the vendor's file sees a reason
WHERE FALSE
UNION ALL BY NAME
SELECT * EXCLUDE (version_hash)
FROM staging.stg_all__invoice_readings
