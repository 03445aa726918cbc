"""Amounts as people read them: `123456` cents of USD are `1,234.56`, of JPY `123,456`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

CENTS = "_cents"


def currency_decimals(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many decimals each currency of ISO 4217 has, from the published dim_currencies."""
    rows = connection.execute(
        "SELECT currency, length(CAST(minor_units_per_unit AS VARCHAR)) - 1 FROM dim_currencies"
        " ORDER BY currency"
    ).fetchall()
    return dict(rows)


def format_amount(cents: int, decimals: int) -> str:
    """Minor units as text, with thousands separators.

    The minus is the keyboard's, so that a figure copied into a spreadsheet stays a number.
    """
    whole, rest = divmod(abs(cents), 10**decimals)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole:,}.{rest:0{decimals}d}" if decimals else f"{sign}{whole:,}"


def in_units(
    row: Mapping[str, Any], decimals: Mapping[str, int], currency: str = ""
) -> dict[str, Any]:
    """A row for programs: each `x_cents` becomes `x`, exact, in units of the row's own currency, or
    of the given one where it names none."""
    places = decimals[row.get("currency") or currency]
    return {
        column.removesuffix(CENTS): Decimal(value).scaleb(-places)
        if column.endswith(CENTS) and value is not None
        else value
        for column, value in row.items()
    }
