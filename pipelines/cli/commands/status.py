"""`billhouse status`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import output
from pipelines.cli.exits import ending_in_a_sentence
from pipelines.cli.output import Format, ResultFormat
from pipelines.cli.streams import whole_output
from pipelines.errors import JobError, UsageError
from pipelines.warehouse.files import Warehouse, configured_warehouse

if TYPE_CHECKING:
    from pipelines.report.questions import Row

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_ACCOUNT = (
    "vendor",
    "account",
    "invoices",
    "newest_day",
    "last_ok_at",
    "last_outcome",
    "last_error",
)


def status(
    max_age: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="End with 1 where what is published, or an account that is still tried, is older"
            " (26h, 90m, 2d).",
        ),
    ] = None,
    result_format: Format = ResultFormat.TABLE,
) -> None:
    """Show what is loaded and how old it is, what is unpaid, what is missing, and what failed.

    A month is closed in a currency when no account that bills in it has it open or missing. Beside
    its total, without void invoices, stands how many of these accounts have an invoice in it.
    Overdue is what is past due or whose charge failed. JSON is one object of all that, CSV the
    accounts.

    \b
    Examples:
      billhouse status
      billhouse status --max-age 26h
      billhouse status --format json
    """
    with ending_in_a_sentence(), whole_output():
        from pipelines.report.status import freshness

        age = None if max_age is None else _age(max_age)
        warehouse = configured_warehouse()
        found = freshness(warehouse, age)
        published = _published(warehouse)
        match result_format:
            case ResultFormat.TABLE:
                _print(warehouse, found.accounts, published)
            case ResultFormat.CSV:
                output.print_records(result_format, _ACCOUNT, found.accounts)
            case ResultFormat.JSON:
                accounts = [{name: each[name] for name in _ACCOUNT} for each in found.accounts]
                outdated = {} if age is None else {"outdated": found.outdated}
                output.print_object({"accounts": accounts, **published, **outdated})
        if found.outdated:
            raise JobError(
                f"Older than {max_age}: {'; '.join(map(_outdated, found.outdated))}. See what"
                " failed last with `billhouse status`, and whether the schedule still starts"
                " `billhouse run`."
            )


def _age(text: str) -> timedelta:
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not (number.isascii() and number.isdigit() and len(number) < 6):
        raise UsageError(
            f"--max-age {text!r} is no age. Write a whole number and m, h or d, like 26h."
        )
    return timedelta(**{unit: int(number)})


def _outdated(each: Row) -> str:
    who = f"{each['vendor']} {each['account']}" if each["vendor"] else "all that is published"
    last = each["last_ok_at"]
    return f"{who} ({f'last loaded {last:%Y-%m-%d %H:%M} UTC' if last else 'never loaded whole'})"


def _published(warehouse: Warehouse) -> dict[str, Sequence[Row]]:
    """What the published copy says; nothing, before there is one."""
    from pipelines.publish.read import opened
    from pipelines.report import finances

    if warehouse.lake is None and not warehouse.published.exists():
        return {}
    with opened(warehouse) as connection:
        found: dict[str, Sequence[Row]] = {
            "currencies": finances.positions(connection),
            "gaps": finances.gaps(connection),
            "audits": finances.findings(connection),
        }
        if warehouse.lake is not None:
            from pipelines.publish.gathering import shards_behind

            found["shards"] = shards_behind(connection)
        return found


def _print(
    warehouse: Warehouse, accounts: Sequence[Row], published: dict[str, Sequence[Row]]
) -> None:
    _print_accounts(accounts)
    if published:
        _print_positions(published["currencies"])
        _print_gaps(published["gaps"])
        _print_findings(published["audits"])
    else:
        typer.echo("\nNothing is published yet.")
    if warehouse.lake is None:
        _print_files(warehouse)
    else:
        _print_shards(published.get("shards", ()))


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
    typer.echo("\nThe newest closed month, as spend has it, and what is unpaid:")
    print_table(
        ["currency", "month", "total", "accounts", "unpaid", "to pay", "overdue"],
        [
            [
                each["currency"],
                each["month"] or "–",
                "" if each["total"] is None else f"{each['total']:,f}",
                f"{each['accounts_in_month']} of {each['accounts']}",
                str(each["unpaid"]),
                f"{each['to_pay']:,f}",
                f"{each['overdue']:,f}",
            ]
            for each in positions
        ],
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


def _print_shards(behind: Sequence[Row]) -> None:
    from pipelines.cli.tables import print_table

    if not behind:
        typer.echo("\nAll shards are of one run.")
        return
    typer.echo("\nShards that hold an earlier run than others, since they left nothing in it:")
    print_table(["shard", "run"], [[str(each["shard"]), each["run_id"]] for each in behind])


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
