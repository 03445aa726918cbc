"""FOCUS Cost and Usage files: which there are, what tells that one changed, its charges as text.

https://focus.finops.org, versions 1.0 to 1.4, as CSV (also gzipped) or Parquet. DuckDB reads them;
no charge becomes an object of Python.
"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sources.errors import SourceError

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
_NARROW = "Name the files alone in `path`, as in exports/**/*.parquet"
_EXPORT_AGAIN = "Export it again, or take it out of `path`; what was loaded before stays as it is"


class UnreadableFile(Exception):
    """A file, or a path, whose charges can't be read: where, what is wrong, and what to do."""

    def __init__(self, file: str, problem: str, remedy: str = _EXPORT_AGAIN) -> None:
        super().__init__(f"{file}: {problem}. {remedy}")
        self.file = file
        self.problem = problem
        self.remedy = remedy

    def of_account(self, vendor: str, account: str) -> SourceError:
        """Told as a vendor's refusal is."""
        return SourceError(
            vendor=vendor,
            account=account,
            request=self.file,
            problem=self.problem,
            remedy=self.remedy,
        )


@dataclass(frozen=True)
class ChargeFile:
    """A file by its path or address. `stamp` is another one where its content may have changed: its
    size with its time, or with what the object store says of its content."""

    path: str
    stamp: str


def found(path: str) -> list[ChargeFile]:
    """The files that a path means, in the order of their names: `exports/*.csv`, `**` for folders
    in folders, or the address of an object store. Raises UnreadableFile where there is none."""
    files = sorted(_stored(path) if _is_stored(path) else _local(path), key=lambda each: each.path)
    if not files:
        raise UnreadableFile(path, "there is no such file", "Check `path`: it may be a pattern")
    for each in files:
        _kind(each.path)
    return files


@contextmanager
def at_hand(file: ChargeFile, folder: Path) -> Iterator[Path]:
    """The file under a plain name in the folder: a link to it, or a copy of what is stored.

    Raises UnreadableFile, also at the end, where what the link leads to changed in between.
    """
    place = folder / f"charges{_kind(file.path)}"
    try:
        if _is_stored(file.path):
            store, inside = _store(file.path)
            store.get_file(inside, str(place))
        else:
            place.symlink_to(file.path)
        yield place
    except OSError as error:
        raise UnreadableFile(file.path, error.strerror or str(error)) from error
    finally:
        place.unlink(missing_ok=True)
    if not _is_stored(file.path) and file not in _local(file.path):
        raise UnreadableFile(file.path, "it was changed while it was read", "The next run reads it")


def content_hash(place: Path) -> str:
    """SHA-256 of the file's bytes."""
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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


def _kind(path: str) -> str:
    for ending in (".parquet", ".csv", ".csv.gz"):
        if path.lower().endswith(ending):
            return ending
    raise UnreadableFile(path, "its name ends with none of .csv, .csv.gz and .parquet", _NARROW)


def _is_stored(path: str) -> bool:
    return "://" in path


def _local(path: str) -> Iterator[ChargeFile]:
    pattern = os.path.abspath(os.path.expanduser(path))
    places = [pattern] if os.path.isfile(pattern) else glob.glob(pattern, recursive=True)
    for place in places:
        if os.path.isfile(place):
            status = os.stat(place)
            yield ChargeFile(place, f"{status.st_size} bytes, {status.st_mtime_ns}")


def _stored(path: str) -> Iterator[ChargeFile]:
    store, pattern = _store(path)
    try:
        found = store.glob(pattern, detail=True)
    except Exception as error:  # each store has errors of its own
        raise _refused(path, error) from error
    for inside, status in found.items():
        if status.get("type") != "directory":
            names = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "updated", "created")
            told = next((status[name] for name in names if status.get(name)), "")
            yield ChargeFile(store.unstrip_protocol(inside), f"{status.get('size')} bytes, {told}")


def _store(path: str) -> tuple[Any, str]:
    import fsspec

    try:
        store, inside = fsspec.core.url_to_fs(path)
    except Exception as error:  # a package that isn't installed, or no credential
        raise _refused(path, error) from error
    return store, str(inside)


def _refused(path: str, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        path,
        f"the object store can't be read: {' '.join(str(error).split())[:300].rstrip('.')}",
        "docs/vendors/focus.md says what to install, and where its credentials come from",
    )
