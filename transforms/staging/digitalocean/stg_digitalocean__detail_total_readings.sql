-- One row per summary of a DigitalOcean invoice: the total, stated once more.
-- kept: view
SELECT vendor, account, listing, document -> '$.amount' AS total, TRUE AS is_major_unit
FROM staging.source_digitalocean__line_items
WHERE valid_to IS NULL AND document_key = 'summary'
