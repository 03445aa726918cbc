"""Results on stdout as tables that people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_UNLIMITED = 10_000
# Text may be folded into lines of this length or more; what is shorter stands in one.
_SHORTEST_LINE = 20
_BETWEEN_COLUMNS = 2
# Vendors write the texts that we show: what would steer a terminal is shown as a symbol instead.
SYMBOLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"}
SYMBOLS |= dict.fromkeys([127, *range(0x80, 0xA0)], 0x2421)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: frozenset[int] = frozenset(),
    title: str | None = None,
    expanded: bool = False,
) -> None:
    """Print texts, harmless to terminals; `numbers` are set flush right and never broken.

    A number that was cut short would be a wrong number. So what is too wide for the terminal is
    shown as one block a row, as everything is with `expanded`; and where stdout is no terminal the
    table is as wide as it needs to be: a log or a pipe has no edge.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_UNLIMITED)
    if title:
        console.print(Text(title, style="bold"))
    shown = [[value.translate(SYMBOLS) for value in row] for row in rows]
    widths = list(_narrowest(columns, shown, numbers))
    if rows and (expanded or sum(widths) + _BETWEEN_COLUMNS * len(widths) > console.width):
        _print_blocks(console, columns, shown)
    else:
        console.print(_table(columns, shown, numbers, widths))


def _narrowest(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[int]
) -> Iterator[int]:
    """How wide each column must be at least."""
    from rich.cells import cell_len

    for index, column in enumerate(columns):
        lines = [line for row in rows for line in row[index].split("\n")]
        longest = max(map(cell_len, [column, *lines]))
        yield longest if index in numbers else min(longest, _SHORTEST_LINE)


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: frozenset[int],
    widths: Sequence[int],
) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, (column, width) in enumerate(zip(columns, widths, strict=True)):
        is_number = index in numbers
        table.add_column(
            Text(column),
            justify="right" if is_number else "left",
            no_wrap=is_number,
            min_width=width,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _print_blocks(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    for number, row in enumerate(rows, start=1):
        console.print(Text(f"── {number} ──", style="dim"))
        block = Table.grid(padding=(0, 2, 0, 0))
        block.add_column(no_wrap=True)
        block.add_column(overflow="fold")
        for name, value in zip(columns, row, strict=True):
            block.add_row(Text(name), Text(value))
        console.print(block)
