-- How a document is read without losing a digit. The engine reads a JSON number with a fraction as a double, so
-- one that is too long for a double is first turned into text, marked so that it still counts as a number.

-- The document, or NULL where it is not valid JSON. U+0001 marks a number: no vendor sends it in a text.
CREATE OR REPLACE MACRO readable(document) AS
    CASE
        WHEN NOT json_valid(document) THEN NULL
        WHEN NOT regexp_matches(document, '[:,[][[:space:]]*-?[0-9][0-9.]{15}') THEN document
        ELSE replace(
            regexp_replace(
                document,
                '("(?:[^"\\]|\\.)*")|(-?[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+))',
                '\1"\\u0001\2"',
                'g'
            ),
            '"\u0001"',
            ''
        )
    END;

-- A text without the blanks around it; NULL where nothing is left. Few have any, and trim() looks at each letter.
CREATE OR REPLACE MACRO stated(value) AS
    CASE WHEN value LIKE ' %' OR value LIKE '% ' OR value = '' THEN nullif(trim(value), '') ELSE value END;
