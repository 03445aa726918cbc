"""`python -m benchmarks [CASE…]`: some cases, or all of them, which also writes the page."""

from __future__ import annotations

import sys
import time

from benchmarks.cases import CASES, warm_up
from benchmarks.report import PAGE, machine, page, table, targets_table
from benchmarks.targets import targets
from benchmarks.trial import Row


def main() -> int:
    names = sys.argv[1:] or list(CASES)
    unknown = [name for name in names if name not in CASES]
    if unknown:
        print(f"No such case: {', '.join(unknown)}. There are: {', '.join(CASES)}.")
        return 2
    started = time.monotonic()
    warm_up()
    rows: list[Row] = []
    for name in names:
        print(f"\n{CASES[name].title} ({name})", flush=True)
        found = list(CASES[name].rows(name))
        print(table(found), flush=True)
        rows += found
    seconds = time.monotonic() - started
    print(f"\n{machine(seconds)}")
    if len(names) == len(CASES):
        print(f"\n{targets_table(targets(rows))}")
        PAGE.write_text(page(rows, seconds), encoding="utf-8")
        print(f"\n{PAGE} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
