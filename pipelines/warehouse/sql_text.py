"""Names and texts inside SQL that takes no parameters (ATTACH, COPY … TO, COMMENT ON), and rows in
one that it takes."""

from __future__ import annotations

from pathlib import Path

from pipelines.warehouse.database_files import path_text

GIVEN_ROWS = """(SELECT unnest(from_json(?, '[["VARCHAR"]]')) AS given)"""
"""A parameter, rows as JSON text, as a table of `given[1]`, `given[2]`, …, each a text. Of values
that are parameters of their own, DuckDB takes some tenths of a millisecond for each."""


def identifier(name: str) -> str:
    """`fct_invoices` → `"fct_invoices"`; a double quote inside is doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """`it's` → `'it''s'`. DuckDB knows no other escape inside plain quotes."""
    plain = path_text(text) if isinstance(text, Path) else str(text)
    return "'" + plain.replace("'", "''") + "'"
