"""CSV for spreadsheets: text that they would run, such as a vendor's, is made harmless.

A cell that begins with =, +, -, @, a tab or a line end is a formula to Excel, LibreOffice and
Google Sheets; with an apostrophe before it, it is text.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

from pipelines.warehouse.sql_text import literal

# The patterns mean the same to Python and to DuckDB. Before a formula spreadsheets pass over blanks
# and quotes, and they take the full-width signs for the plain ones.
_SIGN = "[=+\\-@＝＋－＠]"
_BLANKS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x20\\x7f\u00a0\u2000-\u200f\u2028\u2029\u3000\ufeff\"'"
_FORMULA = f"^([\\t\\r\\n]|[\\t\\r\\n{_BLANKS}]*{_SIGN})"
# Where a spreadsheet splits cells at another sign than the comma, one may begin inside a text.
_FORMULA_WITHIN = f"([;|\\t\\r\\n])([{_BLANKS}]*{_SIGN})"
_QUOTED, _QUOTED_WITHIN = r"'\1", r"\1'\2"
_NUMBER = "[+-]?[.]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?%?"

_IS_NUMBER = re.compile(_NUMBER, re.ASCII)
_BEGINS = re.compile(_FORMULA)
_CONTINUES = re.compile(_FORMULA_WITHIN)


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet runs. Numbers, and nearly all other text, stay."""
    if _IS_NUMBER.fullmatch(text):
        return text
    return _CONTINUES.sub(_QUOTED_WITHIN, _BEGINS.sub(_QUOTED, text))


def harmless_sql(text: str) -> str:
    """The SQL expression that makes the same of a VARCHAR expression."""
    begins = f"regexp_replace({text}, {literal(_FORMULA)}, {literal(_QUOTED)})"
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(_NUMBER)}) THEN {text} ELSE"
        f" regexp_replace({begins}, {literal(_FORMULA_WITHIN)},"
        f" {literal(_QUOTED_WITHIN)}, 'g') END"
    )
