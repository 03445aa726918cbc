-- How a document is read without losing a digit. The engine reads a JSON number through a double or 64 bits; one that these
-- might change (of more than 15 characters, or with an exponent) is first put in quotes: a JSON text is read as it stands.

-- Numbers in quotes, wherever they follow one of : , [ – also inside a text, which is then no longer valid JSON, since a quote
-- there ends the text in front of a digit.
CREATE OR REPLACE MACRO quoted_after_signs(document) AS
    regexp_replace(
        document,
        '([:,[][[:space:]]*)(-?[0-9]+(?:[.][0-9]+)?[eE][+-]?[0-9]+|-?[0-9][0-9.]{15,})',
        '\1"\2"',
        'g'
    );

-- The same, each text passed over as a whole. A text comes out with its last quote tripled, which nothing else can be.
CREATE OR REPLACE MACRO quoted_between_texts(document) AS
    replace(
        regexp_replace(
            document,
            '("(?:[^"\\]|\\.)*")|(-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?)',
            '\1"\2"',
            'g'
        ),
        '"""',
        '"'
    );

-- Valid JSON in, valid JSON out, with the same texts and keys. The second way is right for all, and six times slower.
CREATE OR REPLACE MACRO with_quoted_numbers(document) AS
    coalesce(CAST(TRY_CAST(quoted_after_signs(document) AS JSON) AS VARCHAR), quoted_between_texts(document));

-- The document, or NULL where it is not valid JSON.
CREATE OR REPLACE MACRO readable(document) AS
    CASE
        WHEN NOT json_valid(document) THEN NULL
        WHEN NOT regexp_matches(document, '[:,[][[:space:]]*-?[0-9](?:[0-9.]{15}|[0-9.]*[eE])') THEN document
        ELSE with_quoted_numbers(document)
    END;

-- A text without the blanks around it; NULL where nothing is left. Few have any, and trim() looks at each letter.
CREATE OR REPLACE MACRO stated(value) AS
    CASE
        WHEN value < '!' OR suffix(value, ' ') OR suffix(value, e'\n') OR suffix(value, e'\r') OR suffix(value, e'\t')
            THEN nullif(trim(value, e' \t\r\n'), '')
        ELSE value
    END;
