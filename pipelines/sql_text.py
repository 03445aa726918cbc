"""Names and texts inside SQL that takes no parameters (ATTACH, COPY … TO, COMMENT ON)."""

from __future__ import annotations


def identifier(name: str) -> str:
    """`fct_invoices` → `"fct_invoices"`; a double quote inside is doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """`it's` → `'it''s'`. DuckDB knows no other escape inside plain quotes."""
    return "'" + str(text).replace("'", "''") + "'"
