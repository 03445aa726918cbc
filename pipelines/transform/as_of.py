"""What was believed at an earlier moment: the tables, built again from the versions then valid.

They are built in memory, from the same SQL as every run's; the warehouse is only read.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.errors import JobError, UsageError, one_sentence
from pipelines.transform.model import SCHEMAS
from pipelines.warehouse.connection import cannot_open
from pipelines.warehouse.database_files import LOG_ENDINGS, beside
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import WarehouseBusyError, holding
from pipelines.warehouse.restricted import sealed, spilling_unseen
from pipelines.warehouse.sql_text import literal

if TYPE_CHECKING:
    import duckdb

_BUSY = (
    "A run is at work in the warehouse {directory}, and this answer needs the database that it"
    " writes to. Ask again when the run is done; without --as-of and --staging the published tables"
    " answer at any time."
)


def moment_of(text: str, *, now: datetime) -> datetime:
    """`2026-05-01` is the end of that day (UTC), `2026-05-01T09:30:00Z` that moment.

    Raises:
        UsageError: it is neither a date nor a time, or a day that has not begun.
    """
    try:
        if len(text) == len("2026-05-01"):
            day = date.fromisoformat(text)
            moment, begins = (
                datetime.combine(day, time.max, UTC),
                datetime.combine(day, time(), UTC),
            )
        else:
            moment = begins = _aware(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise UsageError(
            f"--as-of {text!r} is no date and no time. Write a date (2026-05-01: what was believed"
            " at the end of that day, UTC) or a time (2026-05-01T09:30:00Z: at that moment)."
        ) from None
    if begins > now:
        raise UsageError(
            f"--as-of {text} lies in the future; nothing is known of it yet. Give a day that has"
            " begun."
        )
    return min(moment, now)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@contextmanager
def opened_as_of(warehouse: Warehouse, moment: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts as they were believed at that moment. Queries reach no file and no network.

    Raises:
        JobError: nothing was loaded yet, a run is at work, or the tables can't be built.
    """
    with _built(warehouse, moment, as_of=moment) as connection:
        connection.execute("USE next")
        sealed(connection)
        yield connection


@contextmanager
def opened_with_staging(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of all layers, of which a build needs most in between only, as of now.

    Raises:
        JobError: nothing was loaded yet, a run is at work, or the tables can't be built.
    """
    with _built(warehouse, datetime.now(UTC)) as connection:
        layers = ",".join(f"scratch.{schema}" for schema in SCHEMAS)
        connection.execute(f"SET search_path = {literal(layers)}")
        sealed(connection)
        yield connection


@contextmanager
def _built(
    warehouse: Warehouse, moment: datetime, *, as_of: datetime | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The databases `next` and `scratch`, in memory."""
    import duckdb

    if not warehouse.work.exists():
        raise JobError(
            f"Nothing was loaded yet: {warehouse.work} doesn't exist. Run `billhouse run` first, or"
            " say with --warehouse where it is."
        )
    with closing(duckdb.connect()) as connection, spilling_unseen(connection):
        _build(connection, warehouse, moment, as_of)
        yield connection


def _build(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    moment: datetime,
    as_of: datetime | None,
) -> None:
    """Build in memory what is known. No run is kept from its work: it is built from a copy."""
    import duckdb

    from pipelines.transform.build import build
    from pipelines.transform.model import ModelError
    from pipelines.warehouse import invoice_files, load_results

    try:
        _attach_copy(connection, warehouse)
        connection.execute("ATTACH ':memory:' AS next")
        report = build(
            connection,
            started_at=moment,
            run_id=load_results.newest_run(connection, "work", moment),
            as_of=as_of,
            raw_schema="work.raw",
            scratch_stays=as_of is None,
        )
        load_results.copy(connection, "work", moment)
        invoice_files.copy(connection, "work", moment)
        connection.execute("USE next")
        connection.execute("DETACH work")
    except WarehouseBusyError:
        raise JobError(_BUSY.format(directory=warehouse.directory)) from None
    except (duckdb.Error, ModelError) as error:
        raise JobError(
            f"The tables as of {moment:%Y-%m-%d %H:%M} UTC could not be built:"
            f" {one_sentence(error)} The warehouse was only read. Ask without --as-of or"
            " --staging for the published tables, and please report this message."
        ) from error
    except OSError as error:
        raise JobError(
            f"{warehouse.work} could not be copied, from which the answer is built:"
            f" {error.strerror or error}. TMPDIR names a folder with room for it."
        ) from error
    if as_of is not None and report.has_errors:
        broken = ", ".join(each.name for each in report.findings if each.severity == "error")
        raise JobError(
            f"What was known at {moment:%Y-%m-%d %H:%M} UTC breaks the audit(s) {broken}, so no"
            " answer can be trusted. That means that Billhouse reads a document of then wrongly:"
            " please report it."
        )


def _attach_copy(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """The work database as it is now, as `work`. A build takes its time, in which a run may begin;
    a copy takes moments, and is gone as soon as it is open.

    Raises:
        WarehouseBusyError: a run is at work.
        JobError: the database can't be opened.
        OSError: there is no room for a copy.
    """
    import duckdb

    with TemporaryDirectory(prefix="billhouse-") as folder:
        copy = Path(folder, "work.duckdb")
        with holding(warehouse, lock_timeout=0):
            shutil.copyfile(warehouse.work, copy)
            for ending in LOG_ENDINGS:
                if (log := beside(warehouse.work, ending)).exists():
                    shutil.copyfile(log, beside(copy, ending))
        try:
            connection.execute(f"ATTACH {literal(copy)} AS work (READ_ONLY)")
        except duckdb.Error as error:
            raise cannot_open(warehouse.work, error) from error
