-- How the rules of allocation are read.

-- A pattern of people, with * for anything and ? for one character, as one of LIKE … ESCAPE '\'; none fits anything.
CREATE OR REPLACE MACRO like_pattern(pattern) AS
    CASE
        WHEN pattern = '' THEN '%'
        ELSE replace(
            replace(replace(replace(replace(pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'), '?', '_'
        )
    END;
