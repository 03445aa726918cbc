"""When the disk refuses: full, read-only, or gone. Told once, for all steps of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.errors import JobError, one_sentence
from pipelines.warehouse.files import Warehouse


@contextmanager
def writable(warehouse: Warehouse) -> Iterator[None]:
    """Turn what DuckDB and the system say of the disk into a sentence.

    Raises:
        JobError: the warehouse can't be written to.
    """
    try:
        yield
    except refusals() as error:
        raise JobError(
            f"The warehouse {warehouse.directory} can't be written to: {one_sentence(error)} What"
            " is published is as it was, and no document that was loaded is lost. Fix the cause"
            " (a full disk is the most frequent one) and run again."
        ) from error


def refusals() -> tuple[type[Exception], ...]:
    """The errors that are about a file and not about a query. In DuckDB's words a failed write to
    the log is a transaction that can't be committed, and a failed checkpoint is fatal."""
    import duckdb

    return (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException, OSError)
