"""Amounts as exact decimals: rounding, and the way from minor units (cents) to major ones
(dollars).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def rounded(minor: Decimal) -> int:
    """Whole minor units, halves away from zero."""
    return int(minor.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def major(minor: Decimal) -> Decimal:
    """Cents to dollars, keeping the digits: 1050 becomes 10.50 and 0 becomes 0.00."""
    return minor.scaleb(-2)


def plain(amount: Decimal) -> str:
    """Decimal text without an exponent."""
    return format(amount, "f")


def shortest(amount: Decimal) -> Decimal:
    """The same amount without trailing zeros, as programs that hold doubles print it."""
    return Decimal(plain(amount.normalize()))
