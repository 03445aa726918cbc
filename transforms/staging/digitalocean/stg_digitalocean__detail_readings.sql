-- One row per summary of a DigitalOcean invoice: the tax, which stands only there, under Billhouse's names.
-- kept: view
SELECT
    vendor,
    account,
    'line_items' AS entity,
    listing,
    document_key,
    valid_from,
    TRUE AS is_major_unit,
    document -> '$.taxes.amount' AS tax
FROM staging.source_digitalocean__line_items
WHERE valid_to IS NULL AND document_key = 'summary'
