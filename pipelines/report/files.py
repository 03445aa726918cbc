"""The files of invoices, copied from where they lie under their hash to names for people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import JobError, one_sentence
from pipelines.report.invoices import listed
from pipelines.report.questions import Row, answer
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.writing import replacing

if TYPE_CHECKING:
    import duckdb

_ODD = re.compile(r"[^A-Za-z0-9.-]+")
_LONGEST_PART = 60


@dataclass(frozen=True)
class CopiedFiles:
    """The copies, and the invoices that have no file, each with the reason."""

    copied: Sequence[Path]
    missing: Sequence[tuple[str, str]]


def copy_files(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, month: str | None, folder: Path
) -> CopiedFiles:
    """Copy the files of the issued invoices whose period touches `month` (None: of all).

    Raises:
        UsageError: the month is none.
        JobError: a file was changed since it was fetched, or the disk refuses.
    """
    files = {row["invoice_id"]: row for row in answer(connection, "FROM fct_invoice_files")}
    invoices = listed(connection, month=month).records
    copied: list[Path] = []
    missing: list[tuple[str, str]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken: set[str] = set()
        for invoice in invoices:
            if invoice["payment_status"] == "upcoming":
                continue
            file = files.get(invoice["invoice_id"])
            if file is None or file["file"] is None:
                reason = file["problem"] if file else "it was not fetched"
                missing.append(("_".join(_parts(invoice)), reason))
                continue
            name = _free_name(invoice, Path(file["file"]).suffix, taken)
            taken.add(name.lower())
            copied.append(_copied(warehouse, file, folder / name))
    except OSError as error:
        raise JobError(
            f"The files could not be copied to {folder}: {one_sentence(error)} Give --output a"
            " folder that this user may write to and that has room."
        ) from error
    return CopiedFiles(copied, missing)


def _copied(warehouse: Warehouse, file: Row, place: Path) -> Path:
    source = warehouse.directory / file["file"]
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise JobError(
            f"{source} isn't the file that was fetched: its bytes have changed. Put back the one of"
            " a backup, or remove it: the next run fetches it again, if the vendor still has it."
        )
    with replacing(place) as beside:
        beside.write_bytes(content)
    return place


def _free_name(invoice: Row, ending: str, taken: set[str]) -> str:
    """Names of vendors, accounts and invoices may be the same once what is odd is gone."""
    name = "_".join(_parts(invoice))
    return (
        f"{name}{ending}"
        if f"{name}{ending}".lower() not in taken
        else (f"{name}_{invoice['invoice_id'][:12]}{ending}")
    )


def _parts(invoice: Row) -> Iterator[str]:
    number = invoice["invoice_number"] or invoice["invoice_id"][:12]
    period = f"{invoice['billing_period_first_day'] or 'unknown'}"
    for part in (invoice["vendor"], invoice["account"], number, period):
        yield _ODD.sub("-", part)[:_LONGEST_PART].strip("-.") or "-"
