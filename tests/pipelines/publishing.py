"""Tables of a test's own, published as the job publishes its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

from pipelines.publish.write import begin, beside, publish
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.sql_text import identifier


def publish_tables(
    warehouse: Warehouse,
    queries: Mapping[str, str],
    tables: Sequence[str] | None = None,
    *,
    goes_on: bool = False,
    unchanged: Sequence[str] = (),
) -> bool:
    """Publish what these queries (by table) answer. Returns whether it went on from a copy."""
    with (
        holding(warehouse, lock_timeout=0),
        beside(warehouse) as folder,
        closing(connect(warehouse)) as connection,
    ):
        is_copy = begin(connection, warehouse, folder, lambda _: goes_on)
        for name, query in queries.items():
            connection.execute(f"CREATE OR REPLACE TABLE next.main.{identifier(name)} AS {query}")
        published = list(queries) if tables is None else tables
        publish(connection, warehouse, folder, published, unchanged=unchanged)
    return is_copy
