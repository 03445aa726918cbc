"""`[reporting]` of the configuration: the currency that finance reports in, and rates of its own.

    [reporting]                                  # .dlt/config.toml, or REPORTING__CURRENCY, …
    currency = "EUR"                             # without it nothing is converted
    rates_file = "rates.csv"                     # month,currency,rate; stands above the ECB's
    rates_url = "https://www.ecb.europa.eu/…"    # where the ECB's file is fetched from

A rate is written as the ECB quotes it: units of the currency for one of the reporting currency.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config.in_vain import close_to, refuse_unknown
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from sources.accounts.values import Values

RATES_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
_SECTION = "reporting"
_KEYS = ("currency", "rates_file", "rates_url")
_HEADER = ["month", "currency", "rate"]
_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
# What DECIMAL(22, 12) holds.
_RATE = re.compile(r"[0-9]{1,10}([.][0-9]{1,12})?")


@dataclass(frozen=True)
class Override:
    """A rate of finance's own for a month (`2026-03`): units of the currency for one of the
    reporting currency."""

    month: str
    currency: str
    rate: Decimal


@dataclass(frozen=True)
class ReportingSettings:
    """Which currency everything is converted to, and by whose rates."""

    currency: str
    overrides: tuple[Override, ...] = ()
    rates_url: str = RATES_URL


def reporting_settings(
    values: Values, currencies: Callable[[], Sequence[str]]
) -> ReportingSettings | None:
    """What `[reporting]` says; None where it asks for nothing. `currencies` are those of ISO 4217,
    asked for only if there is something to compare.

    Raises:
        UsageError: names the key, or the file and the line, and says what to write there.
    """
    keys = values.keys(_SECTION)
    refuse_unknown(_SECTION, _KEYS, keys)
    if not keys:
        return None
    currency, file, url = (values.get(_SECTION, key) for key in _KEYS)
    if currency is None:
        raise UsageError(
            f"[reporting] has `{keys[0]}`, but no `currency`, so that nothing would be converted."
            ' Add currency = "EUR", or whichever you report in (REPORTING__CURRENCY), or remove'
            " the rest."
        )
    known = currencies()
    name = str(currency).strip().upper()
    if name not in known:
        raise UsageError(
            f"`currency` in [reporting] (REPORTING__CURRENCY) is {str(currency)!r}, which is no"
            f" currency of ISO 4217.{close_to(name, known)} Write three letters, such as EUR."
        )
    overrides = () if file is None else tuple(_overrides(Path(str(file)).absolute(), name, known))
    return ReportingSettings(name, overrides, _url(url))


def _url(value: object) -> str:
    from sources.client.origin import check_base_url

    if value is None:
        return RATES_URL
    try:
        return check_base_url(str(value).strip())
    except ValueError as error:
        raise UsageError(
            f"`rates_url` in [reporting] (REPORTING__RATES_URL) {error}. Remove it to fetch"
            f" {RATES_URL}."
        ) from None


def _overrides(file: Path, reporting: str, known: Sequence[str]) -> Iterator[Override]:
    seen: dict[tuple[str, str], int] = {}
    for number, row in _rows(file):
        problem = _problem(row, reporting, known)
        if problem:
            raise _mistake(file, number, problem)
        month, currency, rate = row
        if (month, currency) in seen:
            line = seen[month, currency]
            raise _mistake(file, number, f"{currency} in {month} stands in line {line}. Keep one")
        seen[month, currency] = number
        yield Override(month, currency, Decimal(rate))


def _problem(row: Sequence[str], reporting: str, known: Sequence[str]) -> str | None:
    if len(row) != len(_HEADER):
        return f"there are {len(row)} columns. Write three, as in 2026-03,USD,1.0815"
    month, currency, rate = row
    if not _MONTH.fullmatch(month):
        return f"{month!r} is no month. Write it as 2026-03"
    if currency not in known:
        meant = close_to(currency, known)
        return f"{currency!r} is no currency of ISO 4217.{meant} Write three capital letters"
    if currency == reporting:
        return f"{currency} is the reporting currency, whose rate is 1. Remove the line"
    if not _RATE.fullmatch(rate) or not Decimal(rate):
        return (
            f"{rate!r} is no rate. Write how many {currency} one {reporting} is worth, as in"
            " 1.0815: a positive number with a point and at most twelve decimals"
        )
    return None


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, each with its line's number."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or (
            "it isn't written in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        )
        raise UsageError(
            f"{file}, which `rates_file` in [reporting] (REPORTING__RATES_FILE) names, can't be"
            f" read: {reason}. Fix it, or remove the setting to use the ECB's rates alone."
        ) from None
    yield from _below_header(file, rows)


def _below_header(
    file: Path, rows: Sequence[tuple[int, list[str]]]
) -> Iterable[tuple[int, list[str]]]:
    if not rows or rows[0][1] != _HEADER:
        number = rows[0][0] if rows else 1
        raise _mistake(file, number, f"the columns aren't named. Begin with {','.join(_HEADER)}")
    return rows[1:]


def _mistake(file: Path, number: int, problem: str) -> UsageError:
    return UsageError(f"{file}, line {number}: {problem}. Nothing was loaded or built.")
