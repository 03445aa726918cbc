"""Faults on demand: what a vendor's server, or the network before it, may do to a request.

A fault is asked for by route, by whose request it is, and by count:

    with running(world, between=faults) as sandbox:
        faults.inject(Fault(kind="redirect", location="http://127.0.0.2:9/"))

The kinds stand in `KINDS`; those that change what a list says are in `distortions`.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.model import Account
from tests.support.distortions import DISTORTIONS, Distorted, with_page_size

MEBIBYTE = 1024 * 1024
HUGE = 200 * MEBIBYTE
SIGN_IN = b"<!doctype html>\n<html><title>Sign in</title><body>Please sign in.</body></html>"
JSON = "application/json"


class Fault(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """`route` is one of the keys of `Sandbox.requests`; empty is any. `whose` is a segment of the
    path, the value of a parameter or of a header, or the end of the Authorization header; empty is
    anybody's. The first `skip` requests that match are answered well, then `times` are not; by
    default all.

    The rest is for some kinds only: `status` and `retry_after` (`seconds` or `date`) of a refusal,
    `seconds` to wait or to ask for, `location` of a redirect or link, `page_size` that a list is
    cut down to.
    """

    kind: str
    route: str = ""
    whose: str = ""
    skip: Annotated[int, msgspec.Meta(ge=0)] = 0
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 503
    retry_after: str = ""
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    location: str = ""
    page_size: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS and self.kind not in DISTORTIONS:
            known = ", ".join([*KINDS, *DISTORTIONS])
            raise ValueError(f"there is no kind {self.kind}; known are: {known}")

    def meets(self, route: str, path: str, headers: Headers) -> bool:
        authorization = headers.get("authorization", "")
        return (not self.route or self.route == route) and (
            not self.whose
            or self.whose in path.split("/")
            or self.whose in headers.values()
            or authorization.endswith((f" {self.whose}", f":{self.whose}"))
        )


def whose(account: Account) -> str:
    """What tells the account's requests from others': of a service account, that for its token."""
    name = account.settings.get("client_id", "")
    basic = base64.b64encode(f"{name}:{account.settings.get('client_secret')}".encode()).decode()
    own = (account.settings.get(key) for key in ("api_token", "secret_key", "consumer_key"))
    return account.identity or next(filter(None, own), basic)


@dataclass
class Injected:
    """A fault, how often it was met, and what a distortion remembers from page to page."""

    fault: Fault
    met: int = 0
    memory: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults that are asked for now; of those that meet a request, the first one counts."""

    def __init__(self) -> None:
        self._injected: list[Injected] = []

    def inject(self, *faults: Fault) -> list[Injected]:
        """From now on; what is returned counts how often each was met."""
        injected = [Injected(fault) for fault in faults]
        self._injected += injected
        return injected

    def clear(self) -> None:
        self._injected.clear()

    def __call__(self, route: str, scope: Scope, application: ASGIApp) -> ASGIApp:
        """As `sandbox.traffic.Between`."""
        injected = self._taken(route, scope)
        if injected is None:
            return application

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            await _inject(Exchange(injected, application, scope, receive, send))

        return faulty

    def _taken(self, route: str, scope: Scope) -> Injected | None:
        headers = Headers(scope=scope)
        values = [value for _, value in parse_qsl(scope["query_string"].decode())]
        path = "/".join([scope["path"], *values])
        for each in self._injected:
            fault = each.fault
            if not fault.meets(route, path, headers):
                continue
            each.met += 1
            if each.met > fault.skip and (
                fault.times is None or each.met <= fault.skip + fault.times
            ):
                return each
        return None


@dataclass
class Exchange:
    """A request that meets a fault, and the application that would have answered it."""

    injected: Injected
    application: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    @property
    def fault(self) -> Fault:
        return self.injected.fault

    async def truth(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body as the vendor would have answered."""
        started: dict[str, Any] = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.application(self.scope, self.receive, keep)
        headers = Headers(raw=started["headers"])
        return started["status"], dict(headers), b"".join(parts)

    async def answer(self, status: int, headers: dict[str, str], *body: bytes) -> None:
        """Parts are sent one by one. The length is told only where the headers tell it."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        for part in body:
            await self.send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)  # lets the loop notice a client that has gone
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def hang_up(self) -> None:
        # ASGI has no word for it; uvicorn's `send` belongs to the object that knows the connection.
        cycle: Any = getattr(self.send, "__self__")  # noqa: B009
        cycle.transport.abort()
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def _inject(exchange: Exchange) -> None:
    """Answers the exchange as its fault says."""
    kind = exchange.fault.kind
    if exchange.fault.page_size is not None:
        exchange.scope = with_page_size(exchange.scope, exchange.fault.page_size)
    if kind in KINDS:
        await KINDS[kind](exchange)
        return
    status, headers, body = await exchange.truth()
    if status == 200:
        page = Distorted(body, exchange.scope, exchange.fault.location, exchange.injected.memory)
        body = DISTORTIONS[kind](page)
        headers["content-length"] = str(len(body))
    await exchange.answer(status, headers, body)


async def _refuse(exchange: Exchange) -> None:
    fault = exchange.fault
    headers = {"Content-Type": "text/plain"}
    if fault.retry_after == "seconds":
        headers["Retry-After"] = f"{fault.seconds:.0f}"
    elif fault.retry_after == "date":
        moment = datetime.now(UTC) + timedelta(seconds=fault.seconds)
        headers["Retry-After"] = format_datetime(moment, usegmt=True)
    await exchange.answer(fault.status, headers, b"not now")


async def _wait(exchange: Exchange) -> None:
    await asyncio.sleep(exchange.fault.seconds)
    await exchange.application(exchange.scope, exchange.receive, exchange.send)


async def _close_before(exchange: Exchange) -> None:
    await exchange.hang_up()


async def _close_within(exchange: Exchange) -> None:
    status, headers, body = await exchange.truth()
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await exchange.send({"type": "http.response.start", "status": status, "headers": raw})
    half = body[: len(body) // 2]
    await exchange.send({"type": "http.response.body", "body": half, "more_body": True})
    await asyncio.sleep(0.01)  # an abort throws away what has not left yet
    await exchange.hang_up()


async def _cut(exchange: Exchange) -> None:
    _, _, body = await exchange.truth()
    await exchange.answer(200, {"Content-Type": JSON}, body[: len(body) // 2])


async def _page_for_people(exchange: Exchange) -> None:
    await exchange.answer(200, {"Content-Type": "text/html; charset=utf-8"}, SIGN_IN)


async def _content_type(exchange: Exchange) -> None:
    """`location` is the type; empty is none."""
    status, headers, body = await exchange.truth()
    del headers["content-type"]
    if exchange.fault.location:
        headers["content-type"] = exchange.fault.location
    await exchange.answer(status, headers, body)


async def _bad_gzip(exchange: Exchange) -> None:
    _, _, body = await exchange.truth()
    packed = gzip.compress(body)
    broken = packed[:12] + b"\xff\x00\xff" + packed[15:]
    await exchange.answer(200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, broken)


async def _redirect(exchange: Exchange) -> None:
    await exchange.answer(302, {"Location": exchange.fault.location}, b"")


async def _huge(exchange: Exchange) -> None:
    """Blanks before a document are valid JSON: only its size is wrong."""
    await exchange.answer(200, {"Content-Type": JSON}, *_blanks(), b"{}")


def _blanks() -> Iterator[bytes]:
    blank = b" " * MEBIBYTE
    return (blank for _ in range(HUGE // MEBIBYTE))


async def _huge_unpacked(exchange: Exchange) -> None:
    packer = gzip.compress(b" " * HUGE, compresslevel=1)
    await exchange.answer(200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, packer)


async def _echo(exchange: Exchange) -> None:
    """An error page that quotes the request, its credential included."""
    # Whatever header carries the credential, the client adds it last.
    given = Headers(scope=exchange.scope).values()[-1]
    page = f"<html>{exchange.fault.status}: cannot serve you, {given}</html>".encode()
    await exchange.answer(exchange.fault.status, {"Content-Type": "text/html"}, page)


KINDS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    "refuse": _refuse,
    "wait": _wait,
    "close before": _close_before,
    "close within": _close_within,
    "cut": _cut,
    "page for people": _page_for_people,
    "content type": _content_type,
    "bad gzip": _bad_gzip,
    "redirect": _redirect,
    "huge": _huge,
    "huge unpacked": _huge_unpacked,
    "echo": _echo,
}
