"""The cases, by name: what is served, who takes part, and what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.documents import Ledger
from benchmarks.page_server import PageServer, serving
from benchmarks.programs import (
    BILLHOUSE,
    BILLHOUSE_LINES,
    DLT_DEFAULTS,
    DLT_PARQUET,
    DLT_PARQUET_LINES,
    HELP,
    IMPORT_DLT,
    LIMIT,
    LIMIT_LINES,
    Program,
)
from benchmarks.trial import Row, Trial, alone
from benchmarks.vendors import ACCOUNTS, DAILY, daily_runs, fetches_alone, first_runs

Rows = Iterator[Row]

# Beyond, dlt's defaults take longer than all other cases together.
MOST_FOR_DEFAULTS = 100_000


@dataclass(frozen=True)
class Case:
    """`rows` measures it, under the name that it is given."""

    title: str
    rows: Callable[[str], Rows]


def warm_up() -> None:
    """Each program once, so that Python has compiled its modules before anything is measured."""
    with serving(Ledger(100)) as server:
        for program in _programs(100):
            _trial(program, server).once()


def first_load(name: str, *, invoices: int, latency: float = 0.0) -> Rows:
    with serving(Ledger(invoices), latency) as server:
        for program in _programs(invoices):
            yield _trial(program, server).first_loads(name)


def unchanged(name: str, *, invoices: int) -> Rows:
    """dlt's defaults append, so that a second run would double everything: they are left out."""
    with serving(Ledger(invoices)) as server:
        for program in (BILLHOUSE, LIMIT, DLT_PARQUET):
            yield _trial(program, server).repeats(name)


def changed(name: str, *, invoices: int, every: int) -> Rows:
    with serving(Ledger(invoices, changed_every=every)) as server:
        for program in (BILLHOUSE, LIMIT, DLT_PARQUET):
            yield _trial(program, server).repeats(name, partial(_revise, server))


def lines(name: str, *, invoices: int, lines: int) -> Rows:
    with _line_server(invoices, lines) as server:
        for program in (BILLHOUSE_LINES, LIMIT_LINES, DLT_PARQUET_LINES):
            yield _line_trial(program, server).first_loads(name)


def lines_later(name: str, *, invoices: int, lines: int) -> Rows:
    """One invoice changed; the others read every line again, Billhouse one document."""
    with _line_server(invoices, lines) as server:
        for program in (BILLHOUSE_LINES, LIMIT_LINES):
            yield _line_trial(program, server).repeats(name, partial(_revise, server))


def _programs(invoices: int) -> tuple[Program, ...]:
    all_of_them = (BILLHOUSE, LIMIT, DLT_PARQUET, DLT_DEFAULTS)
    return all_of_them if invoices <= MOST_FOR_DEFAULTS else all_of_them[:-1]


def _trial(program: Program, server: PageServer) -> Trial:
    return Trial(program, server, lambda: (server.ledger.invoices, server.cents))


@contextmanager
def _line_server(invoices: int, lines: int) -> Iterator[PageServer]:
    """So that one invoice changes with each revision: the first."""
    with serving(Ledger(invoices, lines=lines, changed_every=invoices)) as server:
        yield server


def _line_trial(program: Program, server: PageServer) -> Trial:
    def expected() -> tuple[int, int]:
        ledger = server.ledger
        return ledger.lines, sum(ledger.subtotal(number) for number in range(ledger.invoices))

    return Trial(program, server, expected)


def _revise(server: PageServer) -> None:
    server.serve(replace(server.ledger, revision=server.ledger.revision + 1))


def start_up(name: str) -> Rows:
    yield alone(name, HELP, [*BILLHOUSE.command[:3], "--help"])


def daily(name: str) -> Rows:
    """Beside what every program that uses dlt begins with."""
    yield from daily_runs(name, world=DAILY)
    yield alone(name, IMPORT_DLT, [BILLHOUSE.command[0], "-c", "import dlt"])


CASES = {
    "help": Case("start-up", start_up),
    "daily-first": Case(
        "first run, 5 vendors, 1 account each, 24 invoices", partial(first_runs, world=DAILY)
    ),
    "daily": Case("a day later, 5 vendors, 1 account each, 24 invoices", daily),
    "first-1000": Case("first load, 1,000 invoices", partial(first_load, invoices=1_000)),
    "first-10000": Case("first load, 10,000 invoices", partial(first_load, invoices=10_000)),
    "first-100000": Case("first load, 100,000 invoices", partial(first_load, invoices=100_000)),
    "first-1000000": Case(
        "first load, 1,000,000 invoices", partial(first_load, invoices=1_000_000)
    ),
    "unchanged": Case("nothing changed of 100,000", partial(unchanged, invoices=100_000)),
    "changed": Case("1 % changed of 100,000", partial(changed, invoices=100_000, every=100)),
    "latency-20": Case(
        "first load, 20,000 invoices, 20 ms a request",
        partial(first_load, invoices=20_000, latency=0.020),
    ),
    "latency-100": Case(
        "first load, 20,000 invoices, 100 ms a request",
        partial(first_load, invoices=20_000, latency=0.100),
    ),
    "accounts": Case(
        "first run, 5 vendors, 20 accounts each, 100 ms a request",
        partial(first_runs, world=ACCOUNTS, latency=0.100),
    ),
    "accounts-fetch": Case(
        "the same, the fetch alone: CPU of the client, without its start",
        partial(fetches_alone, world=ACCOUNTS, latency=0.100),
    ),
    "lines": Case(
        "1,000,000 line items in 60 documents", partial(lines, invoices=60, lines=1_000_000)
    ),
    "lines-later": Case(
        "1 of these 60 documents changed", partial(lines_later, invoices=60, lines=1_000_000)
    ),
}
