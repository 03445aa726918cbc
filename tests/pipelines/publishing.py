"""Tables of a test's own, published as the job publishes its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

from pipelines.publish import PublishedTable, begin, beside, comment_on, publish
from pipelines.sql_text import identifier
from pipelines.warehouse import Warehouse, connect, holding


def publish_tables(
    warehouse: Warehouse,
    queries: Mapping[str, str],
    tables: Sequence[PublishedTable] | None = None,
    *,
    goes_on: bool = False,
    invoices_changed: bool = True,
) -> bool:
    """Publish what these queries (by table) answer. Returns whether it went on from a copy."""
    with (
        holding(warehouse, lock_timeout=0),
        beside(warehouse) as folder,
        closing(connect(warehouse)) as connection,
    ):
        is_copy = begin(connection, warehouse, folder, lambda _: goes_on)
        published = [PublishedTable(name) for name in queries] if tables is None else tables
        for name, query in queries.items():
            connection.execute(f"CREATE OR REPLACE TABLE next.main.{identifier(name)} AS {query}")
        for table in published:
            if table.name in queries:
                comment_on(connection, table)
        publish(connection, warehouse, folder, published, invoices_changed=invoices_changed)
    return is_copy
