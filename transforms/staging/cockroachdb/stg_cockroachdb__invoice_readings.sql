-- One row per version of an invoice that CockroachDB Cloud listed, and currency in which it has a total, under Billhouse's
-- names: dollars and credits are never added up, so that each is an invoice of its own, known by the vendor's id and, but for
-- dollars, the currency. One that an earlier version of the document had a total in has 0 since it is left out.
-- kept: view
WITH documents AS (
    SELECT
        *,
        stated(document ->> '$.invoice_id') AS invoice_number,
        stated(document ->> '$.period_start') AS period_start,
        stated(document ->> '$.period_end') AS period_end,
        stated(document ->> '$.status') AS vendor_status,
        json_type(document -> '$.totals') = 'ARRAY' AS has_totals
    FROM staging.source_cockroachdb__invoices
),

listed AS (
    SELECT
        account,
        document_key,
        version_hash,
        valid_from,
        unnest(from_json(document -> '$.totals', '[{"amount": "JSON", "currency": "VARCHAR"}]')) AS total
    FROM documents
    WHERE missing_key(document_key) IS NULL
),

totals AS (
    SELECT
        account,
        document_key,
        version_hash,
        valid_from,
        upper(stated(total.currency)) AS currency,
        min(CAST(total.amount AS VARCHAR)) AS amount,
        count(*) AS times
    FROM listed
    GROUP BY account, document_key, version_hash, valid_from, upper(stated(total.currency))
),

known AS (
    SELECT account, document_key, currency, min(valid_from) AS since
    FROM totals
    SEMI JOIN intermediate.currencies USING (currency)
    GROUP BY account, document_key, currency
),

currencies AS (
    SELECT account, document_key, version_hash, valid_from, currency
    FROM totals
    UNION
    SELECT document.account, document.document_key, document.version_hash, document.valid_from, known.currency
    FROM documents AS document
    INNER JOIN known
        ON document.account = known.account AND document.document_key = known.document_key
        AND document.valid_from >= known.since
),

parts AS (
    SELECT
        document.*,
        part.account IS NULL AS is_without_currency,
        part.currency AS own_currency,
        totals.times AS times,
        CASE
            WHEN totals.times IS NOT NULL THEN CAST(totals.amount AS JSON)
            WHEN document.has_totals THEN CAST('0' AS JSON)
        END AS total
    FROM documents AS document
    LEFT JOIN currencies AS part
        ON document.account = part.account AND document.document_key = part.document_key
        AND document.version_hash = part.version_hash AND document.valid_from = part.valid_from
    LEFT JOIN totals
        ON part.account = totals.account AND part.document_key = totals.document_key
        AND part.version_hash = totals.version_hash AND part.valid_from = totals.valid_from
        AND part.currency IS NOT DISTINCT FROM totals.currency
)

SELECT
    * EXCLUDE (document_key, has_totals, is_without_currency, own_currency, times),
    CASE
        WHEN is_without_currency OR own_currency = 'USD' THEN document_key
        ELSE document_key || '/' || coalesce(own_currency, '')
    END AS document_key,
    document_key AS listed_key,
    FALSE AS is_listed_upcoming,
    'stated' AS billing_period_basis,
    CASE WHEN is_without_currency THEN 'USD' ELSE own_currency END AS currency,
    CASE WHEN is_without_currency THEN 'assumed' ELSE 'stated' END AS currency_basis,
    TRUE AS is_major_unit,
    CASE
        WHEN upper(vendor_status) = 'DRAFT' THEN 'upcoming'
        WHEN minor_units(number_text(total), 100) = 0 THEN 'no_charge'
        ELSE 'unknown'
    END AS payment_status,
    CASE WHEN times > 1 THEN 'it has several totals in ' || coalesce(own_currency, 'no currency') END AS doubt
FROM parts
