"""FOCUS Cost and Usage: which columns are kept of a file, and its charges as text.

https://focus.finops.org, versions 1.0 to 1.4, as CSV (also gzipped) or Parquet. DuckDB reads them;
no charge becomes an object of Python.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sources.charge_files import ChargeFile, UnreadableFile, at_hand, found

if TYPE_CHECKING:
    import duckdb

# What the tables have a place for, under FOCUS's names. The first eight stand in every version.
MANDATORY = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargeCategory",
    "ChargePeriodStart",
    "ChargePeriodEnd",
)
COLUMNS = (
    *MANDATORY,
    "ChargeClass",
    "ChargeDescription",
    "ContractedUnitPrice",
    "InvoiceId",
    "InvoiceIssuerName",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "ResourceId",
    "ResourceName",
    "ServiceName",
    "ServiceProviderName",
    "SkuId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
)
# What no charge can do without; the other mandatory columns may be empty.
_STATED = MANDATORY[:5]
COST = "Cost"

# No float is involved: a double is first written as the shortest text that is read as the same one.
# The first branch does in 64 bits what the second does much more slowly. Of more than eighteen
# decimals the last can't matter to a cent; a hundred billion is more than a charge can be.
_COST = """
    CASE
        WHEN regexp_matches(BilledCost, '^-?[0-9]{1,6}([.][0-9]{1,12})?$')
            THEN CAST(TRY_CAST(BilledCost AS DECIMAL(18, 12)) AS DECIMAL(38, 18))
        WHEN regexp_matches(BilledCost, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$')
            AND abs(TRY_CAST(BilledCost AS DECIMAL(38, 18))) <= 100000000000
            THEN TRY_CAST(BilledCost AS DECIMAL(38, 18))
    END
"""
_PROBLEM = f"""
    CASE
        {" ".join(f"WHEN {name} IS NULL THEN '{name} is empty'" for name in _STATED)}
        WHEN {COST} IS NULL THEN 'BilledCost is no amount: ' || left(BilledCost, 40)
    END
"""
_OTHER_FILE = (
    "Only Cost and Usage of FOCUS 1.0 to 1.4 is read: export it so, or take it out of `path`"
)


def write_as_text(
    connection: duckdb.DuckDBPyConnection, file: ChargeFile, place: Path, target: Path
) -> None:
    """The file's charges in their order, as Parquet with `COLUMNS` as text (null where the file has
    no such column, or nothing in it) and what is billed once more as a decimal, `COST`.

    Raises UnreadableFile, with the row (the first under the head is 1) where it is one's fault.
    """
    with _telling(file, place):
        source, columns = _described(connection, file, place)
        texts = ", ".join(f"{_text(name, columns)} AS {name}" for name in COLUMNS)
        connection.execute(
            f"COPY (WITH texts AS (SELECT {texts} FROM {source}) SELECT *, {_COST} AS {COST}"  # noqa: S608
            f" FROM texts) TO {_quoted(str(target))} (FORMAT parquet)"
        )
        bad = connection.execute(
            f"SELECT file_row_number + 1, {_PROBLEM} AS problem FROM {rows(target)}"  # noqa: S608
            " WHERE problem IS NOT NULL ORDER BY file_row_number LIMIT 1"
        ).fetchone()
    if bad is not None:
        raise UnreadableFile(file.path, f"row {bad[0]}: {bad[1]}")


def check(connection: duckdb.DuckDBPyConnection, path: str, folder: Path) -> None:
    """See that the last of the files has the columns that it must have. Raises UnreadableFile."""
    file = found(path)[-1]
    with at_hand(file, folder) as place, _telling(file, place):
        _described(connection, file, place)


@contextmanager
def _telling(file: ChargeFile, place: Path) -> Iterator[None]:
    """What can't be read of a file, as an UnreadableFile."""
    import duckdb

    try:
        yield
    except (duckdb.Error, csv.Error, EOFError, OSError, UnicodeError) as error:
        reason = " ".join(str(error).replace(str(place), file.path).split())[:200].rstrip(".")
        raise UnreadableFile(file.path, f"it can't be read: {reason}") from error


def rows(target: Path) -> str:
    """What `write_as_text` wrote, for a query, with the place of each row in `file_row_number`."""
    return f"read_parquet({_quoted(str(target))}, file_row_number = true)"


def _described(
    connection: duckdb.DuckDBPyConnection, file: ChargeFile, place: Path
) -> tuple[str, Mapping[str, tuple[str, str]]]:
    """How DuckDB reads the file; its columns' names and types, by their names in small letters."""
    path = _quoted(str(place))
    if place.suffix == ".parquet":
        source = f"read_parquet({path})"
        found = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
        described = [(str(name), str(kind)) for name, kind, *_ in found]
    else:
        # Nothing is guessed of a few rows: all columns are text, in the one form that FOCUS has.
        described = [(name, "VARCHAR") for name in _head(place)]
        columns = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in described)
        source = (
            f"read_csv({path}, auto_detect = false, header = true, columns = {{{columns}}},"
            " delim = ',', quote = '\"', escape = '\"')"
        )
    by_name = {name.lower(): (name, kind) for name, kind in described}
    missing = [name for name in MANDATORY if name.lower() not in by_name]
    if missing:
        raise UnreadableFile(file.path, f"it has no column {', '.join(missing)}", _OTHER_FILE)
    return source, by_name


def _head(place: Path) -> list[str]:
    opened = gzip.open if place.suffix == ".gz" else open
    with opened(place, "rt", encoding="utf-8-sig", newline="") as stream:
        return next(csv.reader(stream), [])


def _text(name: str, columns: Mapping[str, tuple[str, str]]) -> str:
    if name.lower() not in columns:
        return "CAST(NULL AS VARCHAR)"
    named, kind = columns[name.lower()]
    column = '"' + named.replace('"', '""') + '"'
    if kind.startswith(("MAP", "STRUCT")) or kind.endswith("]"):
        column = f"to_json({column})"
    return f"nullif(trim(CAST({column} AS VARCHAR)), '')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
