"""The sandbox's own routes under `/_sandbox`, with which a test steers a sandbox that runs as
another process.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
import pendulum
from pendulum.parsing.exceptions import ParserError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer
from sandbox.traffic import Traffic
from sandbox.world import World

Shape = TypeVar("Shape")


class ClockMove(msgspec.Struct, forbid_unknown_fields=True):
    """Either a time to set the clock to, or a number of months to move it by."""

    now: str | None = None
    advance_months: int | None = None


class LatencyChange(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float


def routes(world: World, traffic: Traffic) -> list[Route]:
    async def clock(request: Request) -> Response:
        return answer({"now": world.now.isoformat()})

    async def move_clock(request: Request) -> Response:
        move = _decoded(await request.body(), ClockMove)
        if (move.now is None) == (move.advance_months is None):
            raise Refusal(400, "give either now or advance_months")
        if move.now is not None:
            try:
                pendulum.parse(move.now)
            except ParserError:
                raise Refusal(400, f"not a time: {move.now}") from None
            world.now = move.now
        else:
            world.advance(move.advance_months or 0)
        return await clock(request)

    async def requests(request: Request) -> Response:
        return answer(dict(traffic.requests))

    async def forget_requests(request: Request) -> Response:
        traffic.forget_requests()
        return answer({})

    async def latency(request: Request) -> Response:
        traffic.latency = _decoded(await request.body(), LatencyChange).seconds
        return answer({"seconds": traffic.latency})

    return [
        Route("/clock", clock, methods=["GET"]),
        Route("/clock", move_clock, methods=["POST"]),
        Route("/requests", requests, methods=["GET"]),
        Route("/requests", forget_requests, methods=["DELETE"]),
        Route("/latency", latency, methods=["POST"]),
    ]


def _decoded(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise Refusal(400, str(error)) from None
