"""`billhouse status`."""

from __future__ import annotations

import typer

from pipelines.ending import ending_in_a_sentence
from pipelines.warehouse import Warehouse, configured_warehouse


def status() -> None:
    """Show what is loaded, how old it is, what failed last, and the warehouse's files.

    \b
    Example:
      billhouse status
    """
    with ending_in_a_sentence():
        from pipelines.published import print_as_table
        from pipelines.status import accounts_and_failures

        warehouse = configured_warehouse()
        accounts, failures = accounts_and_failures(warehouse)
        print_as_table(accounts)
        if failures.num_rows:
            print_as_table(failures)
        _print_files(warehouse)


def _print_files(warehouse: Warehouse) -> None:
    from datetime import UTC, datetime

    from pipelines.tables import print_table

    files = [
        file
        for file in (warehouse.published, warehouse.work, *sorted(warehouse.parquet.glob("*")))
        if file.exists()
    ]
    rows = []
    for file in files:
        facts = file.stat()
        written = datetime.fromtimestamp(facts.st_mtime, UTC)
        rows.append([str(file), f"{facts.st_size:,}", f"{written:%Y-%m-%d %H:%M UTC}"])
    print_table(["file", "bytes", "written"], rows, numbers=frozenset({1}))
    if not warehouse.published.exists():
        typer.echo("Nothing is published yet.")
