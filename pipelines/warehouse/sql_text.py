"""Names and texts inside SQL that takes no parameters (ATTACH, COPY … TO, COMMENT ON)."""

from __future__ import annotations

from pathlib import Path

from pipelines.warehouse.database_files import path_text


def identifier(name: str) -> str:
    """`fct_invoices` → `"fct_invoices"`; a double quote inside is doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """`it's` → `'it''s'`. DuckDB knows no other escape inside plain quotes."""
    plain = path_text(text) if isinstance(text, Path) else str(text)
    return "'" + plain.replace("'", "''") + "'"
