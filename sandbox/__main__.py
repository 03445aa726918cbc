"""`python -m sandbox`: serves until it is told to stop; its first line of output says where and for
whom, as JSON.
"""

from __future__ import annotations

import argparse
import json
import signal
from threading import Event  # noqa: TID251 - its signals raise nothing

from sandbox.server import running
from sandbox.world import World


def main() -> None:
    options = _options()
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    world = World(
        seed=options.seed,
        now=options.now,
        accounts=options.accounts,
        months=options.months,
        invoices_per_account=options.invoices_per_account,
        line_items_per_invoice=options.line_items_per_invoice,
    )
    with running(world, latency=options.latency, port=options.port) as sandbox:
        line = {"url": sandbox.url, "environment": sandbox.environment()}
        print(json.dumps(line), flush=True)
        stopped.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="by default a free one")
    add("--seed", type=int, default=1)
    add("--now", help="the clock, as an ISO 8601 time; by default the 17th, two months ago")
    add("--accounts", type=int, help="at each vendor; by default one of each profile")
    add("--months", type=int, default=24, help="of history, the current one included")
    add("--latency", type=float, default=0.0, help="seconds before each answer")
    add(
        "--invoices-per-account",
        type=int,
        default=0,
        help="of MongoDB's first account; details are turned off, unless lines are asked for",
    )
    add("--line-items-per-invoice", type=int, default=0, help="of each MongoDB invoice")
    return parser.parse_args()


if __name__ == "__main__":
    main()
