"""`billhouse status`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import typer

from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.streams import whole_output
from pipelines.warehouse.files import Warehouse, configured_warehouse

if TYPE_CHECKING:
    from pipelines.report.questions import Row


def status() -> None:
    """Show what is loaded and how old it is, what is unpaid, what is missing, and what failed.

    A month is closed in a currency when no account that bills in it has it open or missing. Beside
    its total stands how many of these accounts have an invoice in it. Overdue is what is past due
    or whose charge failed.

    \b
    Example:
      billhouse status
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.publish.read import opened
        from pipelines.report import finances
        from pipelines.report.status import freshness

        warehouse = configured_warehouse()
        _print_accounts(freshness(warehouse))
        if warehouse.published.exists():
            with opened(warehouse) as connection:
                _print_positions(finances.positions(connection))
                _print_gaps(finances.gaps(connection))
                _print_findings(finances.findings(connection))
        else:
            typer.echo("\nNothing is published yet.")
        _print_files(warehouse)


def _print_accounts(accounts: Sequence[Row]) -> None:
    from pipelines.cli.tables import print_table

    print_table(
        ["vendor", "account", "invoices", "newest", "last load"],
        [
            [
                each["vendor"],
                each["account"],
                str(each["invoices"]),
                each["newest_period"],
                "; ".join(_last_load(each)),
            ]
            for each in accounts
        ],
        numbers=frozenset({2}),
    )
    failed = [each for each in accounts if each["last_failed"]]
    if failed:
        typer.echo()
        print_table(
            ["last failed, UTC", "account", "error"],
            [
                [each["last_failed"], f"{each['vendor']} {each['account']}", each["last_error"]]
                for each in sorted(failed, key=lambda each: -each["failed_position"])
            ],
        )


def _last_load(account: Row) -> Iterator[str]:
    if account["last_outcome"] == "failed":
        yield "failed"
    if account["is_ahead"]:
        yield "ok by a clock that was ahead"
    elif account["hours_old"] is not None:
        yield f"ok {account['hours_old']} h ago"


def _print_positions(positions: Sequence[Row]) -> None:
    from pipelines.cli.tables import print_table

    if not positions:
        typer.echo("\nNo invoice is published yet.")
        return
    typer.echo("\nThe newest closed month, and what is unpaid:")
    columns = ("currency", "month", "total", "accounts", "unpaid", "to_pay", "overdue")
    print_table(
        [column.replace("_", " ") for column in columns],
        [[each[column] for column in columns] for each in positions],
        numbers=frozenset({2, 4, 5, 6}),
    )


def _print_gaps(gaps: Sequence[Row]) -> None:
    from pipelines.cli.tables import print_table

    if not gaps:
        typer.echo("\nNo month is missing between an account's invoices.")
        return
    typer.echo("\nNo invoice for these months, though for earlier and later ones; ask the vendor:")
    print_table(["vendor", "account", "missing"], [list(each.values()) for each in gaps])


def _print_findings(findings: Sequence[Row]) -> None:
    if not findings:
        typer.echo("\nNo audit found anything when this was published.")
        return
    typer.echo("\nWhat the audits found when this was published (rows in audit_results):")
    for each in findings:
        sentence = "{rows_found} × {message} ({audit})".format(**each)
        typer.echo(fill(sentence, 80, initial_indent="  ", subsequent_indent="    "))


def _print_files(warehouse: Warehouse) -> None:
    from pipelines.cli.tables import print_table

    rows = [
        _size_and_time(name, files)
        for name, files in (
            (warehouse.published, [warehouse.published]),
            (warehouse.work, [warehouse.work]),
            (warehouse.parquet / "*.parquet", sorted(warehouse.parquet.glob("*.parquet"))),
        )
        if any(file.exists() for file in files)
    ]
    typer.echo()
    print_table(["file", "bytes", "written, UTC"], rows, numbers=frozenset({1}))


def _size_and_time(name: Path, files: Sequence[Path]) -> list[str]:
    from datetime import UTC, datetime

    facts = [file.stat() for file in files if file.exists()]
    written = datetime.fromtimestamp(max(fact.st_mtime for fact in facts), UTC)
    return [str(name), f"{sum(fact.st_size for fact in facts):,}", f"{written:%Y-%m-%d %H:%M}"]
