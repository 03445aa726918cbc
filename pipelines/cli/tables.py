"""Results on stdout as tables that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

_UNLIMITED = 10_000
# Vendors write the texts that we show: what would steer a terminal is shown as a symbol instead.
SYMBOLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"}
SYMBOLS |= dict.fromkeys([127, *range(0x80, 0xA0)], 0x2421)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: frozenset[int] = frozenset(),
    title: str | None = None,
) -> None:
    """Print texts, harmless to terminals; `numbers` are set flush right and never broken.

    Where stdout is no terminal the table is as wide as it needs to be: a log or a pipe has no edge,
    and an amount that was cut short would be a wrong amount.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_UNLIMITED)
    if title:
        console.print(Text(title, style="bold"))
    console.print(_table(columns, rows, numbers))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[int]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        is_number = index in numbers
        table.add_column(
            Text(column),
            justify="right" if is_number else "left",
            no_wrap=is_number,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(value.translate(SYMBOLS)) for value in row))
    return table
