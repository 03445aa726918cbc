"""How a build changes the warehouse: all at once, or step by step where it is long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import duckdb


class Changes:
    """One transaction around a build, as long as what it holds fits into memory.

    A transaction's rows stay in memory until its end. A build of several batches commits each:
    every invoice is then as before or as now, and one that was not reached is read by the next run.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._is_one = True

    def __enter__(self) -> Self:
        self.connection.execute("BEGIN TRANSACTION")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_one:
            self.connection.execute("COMMIT" if error is None else "ROLLBACK")

    def keep_step_by_step(self) -> None:
        """Commit what was done, and from now on each step by itself."""
        self.connection.execute("COMMIT")
        self._is_one = False

    def undo(self) -> None:
        """Go back to what was there, as far as nothing of it is committed yet."""
        if self._is_one:
            self.connection.execute("ROLLBACK")
            self.connection.execute("BEGIN TRANSACTION")

    @contextmanager
    def step(self) -> Iterator[None]:
        """All of a step is done, or nothing."""
        if self._is_one:
            yield
            return
        self.connection.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
