"""One account's HTTP client, which tries again, waits and counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from sources.client.caller import Caller
from sources.client.connections import Connections
from sources.client.limits import Allowance
from sources.client.origin import origin
from sources.client.redaction import Redactor
from sources.client.responses import (
    NOT_YET,
    NOTHING,
    PAGE_LIMIT,
    PART,
    Nothing,
    NotYet,
    Part,
    Responses,
)
from sources.client.retry import RetryPolicy, Wait, may_pass, retry_after
from sources.client.unpacking import ACCEPTED, LIMIT
from sources.errors import NotYetError, SourceError, TransientError, UnusableAnswer

T = TypeVar("T")
Parameters = Sequence[tuple[str, str]]

# A server that sends a byte a minute meets every other timeout.
ATTEMPT_SECONDS = 900.0
TIMEOUT = httpx.Timeout(60.0, connect=10.0, pool=None)
TOO_MANY_REQUESTS = 429
_SENT = "http11.send_request_headers.complete"
_HEADERS = {"User-Agent": "billhouse", "Accept-Encoding": ACCEPTED, "Connection": "keep-alive"}


class Client:
    """One account's requests. `requests` counts what was sent, for authentication too."""

    def __init__(
        self,
        retry: RetryPolicy,
        connections: Connections,
        caller: Caller,
        allowance: Allowance,
        on_wait: Callable[[Wait], None] | None = None,
    ) -> None:
        self.requests = 0
        self._on_wait = on_wait
        self._caller = caller
        self._retry = retry
        self._connections = connections
        self._base_url = caller.base_url
        self._origin = origin(httpx.URL(caller.base_url))
        self._allowance = allowance
        self.redact: Redactor = caller.redact
        self._responses = Responses(caller)
        self._authentication = caller.authentication

    async def get(
        self,
        path: str,
        into: type[T],
        *,
        parameters: Parameters = (),
        accept: str = "application/json",
        limit: int = PAGE_LIMIT,
    ) -> T:
        """GETs `path` under the base URL and decodes the JSON answer `into` a type.

        Raises SourceError when the answer is no success, larger than `limit` bytes, not JSON, or
        of another shape than `into`.
        """
        return await self.get_url(self.url(path, parameters), into, accept=accept, limit=limit)

    async def get_url(
        self,
        url: httpx.URL,
        into: type[T],
        *,
        accept: str = "application/json",
        limit: int = PAGE_LIMIT,
        nothing: Nothing | None = None,
        not_yet: NotYet | None = None,
        part: Part | None = None,
    ) -> T:
        """As `get`, for a whole URL, which must be of the base URL's origin: see `link`. Raises
        NothingThereError where the answer is what the vendor says for `nothing`, and NotYetError
        where it is `not_yet` after all attempts. With a `part`, a part of a list is an answer too,
        and says in it which is the next."""
        asked = {"Range": part.asked} if part is not None and part.asked else {}
        request = httpx.Request(
            "GET",
            url,
            headers=_HEADERS | {"Accept": accept} | asked,
            extensions={
                "timeout": TIMEOUT.as_dict(),
                "trace": self._count,
                LIMIT: limit,
                NOTHING: nothing,
                NOT_YET: not_yet,
                PART: part,
            },
        )
        try:
            return await self._attempt(request, into)
        except TransientError as error:
            return await self._again(request, into, error)

    async def _again(self, request: httpx.Request, into: type[T], failed: TransientError) -> T:
        """After a first attempt that failed: the others, as the policy has them. Where the first
        one succeeds, tenacity would take longer than all the rest."""
        first: list[TransientError] = [failed]

        async def attempt() -> T:
            if first:
                raise first.pop()
            return await self._attempt(request, into)

        policy = self._retry
        retrying = AsyncRetrying(
            stop=stop_after_attempt(policy.attempts),
            wait=policy.wait,
            retry=retry_if_exception_type(TransientError),
            sleep=asyncio.sleep,
            before_sleep=self._hold_others,
            reraise=True,
        )
        try:
            return await retrying(attempt)
        except NotYetError:
            raise
        except TransientError as error:
            # What failed may be the request of a token, or of a challenge, on the way to this one.
            raise SourceError(
                vendor=error.vendor,
                account=error.account,
                request=error.request,
                problem=f"{error.problem} ({policy.attempts} attempts)",
                remedy=error.remedy,
            ) from None

    def link(self, text: str, page: httpx.URL) -> httpx.URL:
        """A paging link, absolute or relative to its page. A foreign origin gets no request."""
        try:
            url = page.join(text)
        except httpx.InvalidURL:
            raise self.refuse(page, "the link to the next page is no URL") from None
        if origin(url) != self._origin or url.userinfo:
            there = self.redact(origin(url))
            raise self._responses.failure(
                httpx.Request("GET", page),
                f"the link to the next page leads to another server ({there}, not {self._origin}), "
                "which is not sent the credential",
                "Check base_url; if that server is the vendor's, configure it as base_url.",
            )
        return url

    def refuse(self, url: httpx.URL, problem: str) -> SourceError:
        """The error for an answer that is JSON, and still not usable."""
        return self._responses.failure(httpx.Request("GET", url), self.redact(problem))

    def url(self, path: str, parameters: Parameters = ()) -> httpx.URL:
        return httpx.URL(self._base_url + path, params=list(parameters) or None)

    async def _attempt(self, request: httpx.Request, into: type[T]) -> T:
        async with self._allowance.turn(partial(self._tell_of_rate, request)):
            return await self._send(request, into)

    async def _send(self, request: httpx.Request, into: type[T]) -> T:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                async with self._connections.one() as http:
                    response = await http.send(request, auth=self._authentication, stream=True)
                    try:
                        wait = self._asked_wait(response)
                        return await self._responses.read(response, into, wait)
                    finally:
                        await response.aclose()
        except UnusableAnswer as error:
            raise self._responses.unusable(error) from None
        except httpx.HTTPError as error:
            raise self._responses.broken(error.request, error) from None
        except TimeoutError as error:
            raise self._responses.broken(request, error) from None

    async def _count(self, event: str, info: Mapping[str, object]) -> None:
        """Called by httpcore. A request that is cancelled while it waits for a connection, as one
        that was read ahead may be, was never sent."""
        if event == _SENT:
            self.requests += 1

    def _asked_wait(self, response: httpx.Response) -> float | None:
        """Raises when the server asks for a longer wait than the policy obeys."""
        if not may_pass(response.status_code):
            return None
        wait = retry_after(response.headers.get_list("Retry-After"), datetime.now(UTC))
        if wait is None:
            return None
        longest = self._retry.longest_retry_after
        if wait > longest:
            raise self._responses.failure(
                response.request,
                f"answered {response.status_code} and asks to wait {wait:.0f} s, more than the "
                f"{longest:.0f} s that a run waits",
                "The next run fetches it; if this repeats, lower requests_per_period.",
            )
        if response.status_code == TOO_MANY_REQUESTS:
            self._allowance.gate.close_for(wait)
        return wait

    def _hold_others(self, state: RetryCallState) -> None:
        """Called by tenacity. What is too much for one request of a credential is for all."""
        failure = state.outcome.exception() if state.outcome else None
        if not isinstance(failure, TransientError):
            return
        if failure.status == TOO_MANY_REQUESTS:
            self._allowance.gate.close_for(state.upcoming_sleep)
        self._tell(
            failure.request,
            failure.problem,
            state.upcoming_sleep,
            failure.status,
            state.attempt_number,
        )

    def _tell_of_rate(self, request: httpx.Request, seconds: float) -> None:
        reason = "as many requests as the vendor allows are sent"
        self._tell(self._responses.named(request), reason, seconds)

    def _tell(
        self, request: str, reason: str, seconds: float, status: int | None = None, attempt: int = 0
    ) -> None:
        if self._on_wait is not None:
            who = (self._caller.vendor, self._caller.account)
            self._on_wait(Wait(*who, request, reason, seconds, status, attempt))
