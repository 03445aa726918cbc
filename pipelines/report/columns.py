"""A chart of stacked columns, laid out in whole numbers; the template draws it as SVG.

Lengths are tenths of a pixel. Amounts stay whole minor units: only their places on the paper are
rounded. `page.js` lays the same chart out again when the reader filters, by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 10_000, 3_000
LEFT, RIGHT = 900, 0
TOP, BOTTOM = 260, 400
MOST_INTERVALS = 6
_PLOT = HEIGHT - TOP - BOTTOM
_GAP_IN_TENTHS = 3


@dataclass(frozen=True)
class Segment:
    """One series' part of one month's column."""

    series: int
    month: int
    x: int
    y: int
    width: int
    height: int
    cents: int


@dataclass(frozen=True)
class Column:
    """Where a month's column stands, where it ends above, and what it adds up to."""

    month: int
    middle: int
    y: int
    cents: int


@dataclass(frozen=True)
class Tick:
    """A line of the scale, and the minor units that it stands for."""

    y: int
    cents: int


@dataclass(frozen=True)
class Chart:
    """Everything that is to be drawn."""

    ticks: Sequence[Tick]
    segments: Sequence[Segment]
    columns: Sequence[Column]


def stacked(series: Sequence[Sequence[int]], months: int) -> Chart:
    """Lay out `series` (minor units by month): what is positive upwards, credits downwards."""
    by_month = [[each[month] for each in series] for month in range(months)]
    highest = max((sum(_positive(values)) for values in by_month), default=0)
    lowest = min((sum(values) - sum(_positive(values)) for values in by_month), default=0)
    if highest == lowest == 0:
        highest = 1
    step = _step(highest, lowest)
    top, bottom = -(-highest // step) * step, lowest // step * step

    def y(cents: int) -> int:
        return TOP + (top - cents) * _PLOT // (top - bottom)

    slot = (WIDTH - LEFT - RIGHT) // max(months, 1)
    width = slot * (10 - _GAP_IN_TENTHS) // 10
    segments, columns = [], []
    for month, values in enumerate(by_month):
        x = LEFT + month * slot
        above = below = 0
        for index, cents in enumerate(values):
            start, end = (above, above + cents) if cents >= 0 else (below + cents, below)
            above, below = (end, below) if cents >= 0 else (above, start)
            height = y(start) - y(end)
            segments.append(
                Segment(index, month, x + (slot - width) // 2, y(end), width, height, cents)
            )
        columns.append(Column(month, x + slot // 2, y(above), sum(values)))
    ticks = [Tick(y(cents), cents) for cents in range(bottom, top + 1, step)]
    return Chart(ticks, segments, columns)


def sparkline(values: Sequence[int], height: int) -> list[tuple[int, int]]:
    """For each value the top and the height of a bar; zero is where the lowest bar needs it."""
    highest, lowest = max([*values, 0]), min([*values, 0])
    span = (highest - lowest) or 1
    zero = highest * height // span
    bars = []
    for value in values:
        length = -(-abs(value) * height // span)
        bars.append((zero - length if value > 0 else zero, length))
    return bars


def _positive(values: Sequence[int]) -> Iterator[int]:
    return (value for value in values if value > 0)


def _step(highest: int, lowest: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that needs at most `MOST_INTERVALS` lines."""
    factor = 1
    while True:
        for step in (factor, 2 * factor, 5 * factor):
            if -(-highest // step) - lowest // step <= MOST_INTERVALS:
                return step
        factor *= 10
