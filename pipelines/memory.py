"""How much memory DuckDB may take for building and publishing: little, unless it needs more.

Left alone, it keeps up to four fifths of the memory in use for whatever it read and wrote, which a
machine that runs other things at night would rather keep. What does not fit is spilled to disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

LEAST = 224_000_000


def sparingly(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, work: Callable[[], T]
) -> T:
    """Do the work with half of what the work database is large, or again with DuckDB's default.

    The work must be one that can be done again from the beginning.
    """
    import duckdb

    limit = max(LEAST, warehouse.work.stat().st_size // 2)
    try:
        connection.execute(f"SET GLOBAL memory_limit = '{limit}B'")
        return work()
    except duckdb.OutOfMemoryException:
        connection.execute("RESET GLOBAL memory_limit")
        return work()
