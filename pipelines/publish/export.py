"""Files for other tools: the published tables, or what FOCUS asks for, exact to the last digit.

Each file is written beside its place first and then renamed, so that nobody reads half of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipelines.errors import JobError, one_sentence
from pipelines.publish.read import unsealed
from pipelines.publish.spreadsheets import harmless_sql
from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.sql_text import identifier, literal
from pipelines.warehouse.writing import replacing
from sources import VENDORS

if TYPE_CHECKING:
    import duckdb

FileFormat = Literal["parquet", "csv"]
FocusVersion = Literal["1.2", "1.4"]

# FOCUS finds a dataset by its columns; these names are for people.
_INVOICES = {
    "invoice-detail": "focus_invoice_detail.sql",
    "billing-period": "focus_billing_period.sql",
}
_COST_AND_USAGE = {"cost-and-usage": "focus_cost_and_usage.sql"}
_ONLY_IN: Mapping[FocusVersion, Sequence[str]] = {
    "1.2": ("ProviderName", "PublisherName"),
    "1.4": ("HostProviderName", "InvoiceDetailId", "ServiceProviderName"),
}
_TEXT = frozenset({"VARCHAR", "JSON"})
_OPTIONS: Mapping[FileFormat, str] = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'",
}


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written."""

    path: Path
    rows: int


@dataclass(frozen=True)
class FocusExport:
    """The files, and what FOCUS has no place for.

    `invoices_left_out` have no known billing period, `lines_left_out` no amount.
    """

    files: list[ExportedFile]
    invoices_left_out: int
    lines_left_out: int


def export_tables(
    warehouse: Warehouse, directory: Path, file_format: FileFormat, *, raw: bool = False
) -> list[ExportedFile]:
    """Write every published table to `<table>.<format>`.

    In CSV, text that a spreadsheet would run is made harmless, if it isn't wanted `raw`.

    Raises:
        JobError: nothing is published yet, or a file can't be written.
    """
    with unsealed(warehouse) as connection:
        tables = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        return _write_all(
            connection,
            {name: f"SELECT * FROM {identifier(name)}" for name in tables},  # noqa: S608
            directory,
            file_format,
            raw=raw,
        )


def export_focus(
    warehouse: Warehouse, directory: Path, file_format: FileFormat, *, raw: bool = False
) -> FocusExport:
    """Write FOCUS 1.4's Invoice Detail and Billing Period; docs/focus.md says what is in them.

    In CSV, text that a spreadsheet would run is made harmless, if it isn't wanted `raw`.

    Raises:
        JobError: nothing is published yet, or a file can't be written.
    """
    return _export_focus(warehouse, _read(_INVOICES), directory, file_format, raw=raw)


def export_cost_and_usage(
    warehouse: Warehouse,
    directory: Path,
    file_format: FileFormat,
    version: FocusVersion,
    *,
    raw: bool = False,
) -> FocusExport:
    """Write Cost and Usage as this version of FOCUS has it; else as `export_focus`."""
    left_out = ", ".join(
        f'"{column}"' for each in _ONLY_IN if each != version for column in _ONLY_IN[each]
    )
    queries = {
        name: f"SELECT * EXCLUDE ({left_out}) FROM ({query})"  # noqa: S608
        for name, query in _read(_COST_AND_USAGE).items()
    }
    return _export_focus(warehouse, queries, directory, file_format, raw=raw)


def _read(files: Mapping[str, str]) -> dict[str, str]:
    folder = TRANSFORMS / "exports"
    return {name: (folder / file).read_text(encoding="utf-8") for name, file in files.items()}


def _export_focus(
    warehouse: Warehouse,
    queries: Mapping[str, str],
    directory: Path,
    file_format: FileFormat,
    *,
    raw: bool,
) -> FocusExport:
    with unsealed(warehouse) as connection:
        name_issuers(connection)
        left_out = connection.execute(
            """
            SELECT
                (SELECT count(*) FROM fct_invoices
                 WHERE billing_period_start IS NULL OR billing_period_end IS NULL),
                (SELECT count(*) FROM fct_invoice_lines WHERE amount_cents IS NULL)
            """
        ).fetchone()
        invoices, lines = left_out or (0, 0)
        files = _write_all(connection, queries, directory, file_format, raw=raw)
        return FocusExport(files, invoices, lines)


def name_issuers(connection: duckdb.DuckDBPyConnection) -> None:
    """The vendors as people and FOCUS call them, for its queries: a temporary table `issuers`."""
    connection.execute(
        "CREATE TEMP TABLE issuers"
        " (vendor TEXT, title TEXT, service_category TEXT, service_subcategory TEXT)"
    )
    connection.executemany(
        "INSERT INTO issuers VALUES (?, ?, ?, ?)",
        [[each.name, each.title, *each.service] for each in VENDORS.values()],
    )


def _write_all(
    connection: duckdb.DuckDBPyConnection,
    queries: Mapping[str, str],
    directory: Path,
    file_format: FileFormat,
    *,
    raw: bool,
) -> list[ExportedFile]:
    import duckdb

    try:
        if file_format == "csv" and not raw:
            queries = {name: _harmless(connection, query) for name, query in queries.items()}
        directory.mkdir(parents=True, exist_ok=True)
        return [
            _write(connection, query, directory / f"{name}.{file_format}", _OPTIONS[file_format])
            for name, query in queries.items()
        ]
    except (duckdb.Error, OSError) as error:
        raise JobError(
            f"The files could not be written to {directory}: {one_sentence(error)} Files that were"
            " there are whole, old or new. Give --output a folder that this user may write to and"
            " that has room, and export again."
        ) from error


def _harmless(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    replaced = ", ".join(
        f"{harmless_sql(identifier(name))} AS {identifier(name)}"
        for name, kind, *_ in described
        if kind in _TEXT
    )
    return f"SELECT * REPLACE ({replaced}) FROM ({query})" if replaced else query  # noqa: S608


def _write(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, options: str
) -> ExportedFile:
    with replacing(path) as beside:
        written = connection.execute(
            f"COPY ({query}) TO {literal(beside)} ({options}, USE_TMP_FILE false)"
        ).fetchone()
    return ExportedFile(path, written[0] if written else 0)
