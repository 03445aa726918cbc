-- Surrogate keys that stay the same from run to run.

-- The account's length keeps two accounts apart whose names and keys would run together.
CREATE OR REPLACE MACRO stable_id(vendor, account, natural_key) AS
    md5(vendor || '/' || CAST(length(account) AS VARCHAR) || '/' || account || '/' || natural_key);
