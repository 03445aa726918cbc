-- Surrogate keys that stay the same from run to run, and what tells invoices apart.

-- Whoever builds fills it: the accounts that got another name.
CREATE SCHEMA IF NOT EXISTS staging;
CREATE TABLE IF NOT EXISTS staging.renamed_accounts (vendor VARCHAR, account VARCHAR, first_name VARCHAR);

-- As a list, so that it depends on no row: a correlated subquery would lay down all rows that ask, with all their columns.
CREATE OR REPLACE MACRO renamed_accounts() AS (SELECT list(renamed) FROM staging.renamed_accounts AS renamed);

-- The name that an account had first. One that took over a name from which others moved away has its number among them.
CREATE OR REPLACE MACRO first_name(vendor_name, account_name) AS
    coalesce(
        list_max(
            [
                each.first_name for each in renamed_accounts()
                if each.vendor = vendor_name AND each.account = account_name
            ]
        ),
        account_name || coalesce(
            '#' || CAST(
                nullif(
                    len(
                        [
                            each for each in renamed_accounts()
                            if each.vendor = vendor_name AND (
                                each.first_name = account_name OR starts_with(each.first_name, account_name || '#')
                            )
                        ]
                    ),
                    0
                ) + 1 AS VARCHAR
            ),
            ''
        )
    );

CREATE OR REPLACE MACRO account_key(vendor, account, natural_key) AS
    md5(vendor || '/' || CAST(length(account) AS VARCHAR) || '/' || account || '/' || natural_key);

-- The account's length keeps two accounts apart whose names and keys would run together.
CREATE OR REPLACE MACRO stable_id(vendor, account, natural_key) AS
    account_key(vendor, first_name(vendor, account), natural_key);

-- An invoice that is known by its period: however the vendor spells the moments, with the ordinal that its key has.
CREATE OR REPLACE MACRO period_identity(document_key, starts_at, ends_at) AS
    CAST(epoch_us(starts_at) AS VARCHAR) || '/' || CAST(epoch_us(ends_at) AS VARCHAR)
    || regexp_extract(document_key, '#[0-9]+$');

-- What a document says by itself of which invoice it is. One without a key is none that another document speaks of.
CREATE OR REPLACE MACRO natural_identity(listing, document_key, is_known_by_period, is_listed_upcoming, starts_at, ends_at) AS
    CASE
        WHEN document_key = '?' OR document_key LIKE '?#%' THEN listing || '/' || document_key
        WHEN NOT is_known_by_period OR starts_at IS NULL OR ends_at IS NULL THEN document_key
        WHEN is_listed_upcoming THEN 'upcoming ' || period_identity(document_key, starts_at, ends_at)
        ELSE period_identity(document_key, starts_at, ends_at)
    END;
