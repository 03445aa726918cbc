"""When a request may be sent: how many at once, at what rate, and not while a vendor asks to wait.

All three belong to a credential, since that is what a vendor counts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

REQUESTS_AT_ONCE = 8
NOTICEABLE_SECONDS = 5.0


@dataclass(frozen=True)
class Rate:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: int


class RateLimiter:
    """A sliding window, because vendors count in fixed ones: a leaky bucket lets a full burst and
    its refill, almost twice the documented number, into the same hour."""

    def __init__(self, rate: Rate | None) -> None:
        self._rate = rate
        self._sent: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def acquire(self, tell: Callable[[float], None] = lambda seconds: None) -> None:
        """Waits until one more request stays within the rate; tells of a wait that people notice,
        in seconds, before it."""
        if self._rate is None:
            return
        async with self._turn:
            clock = asyncio.get_running_loop()
            if len(self._sent) >= self._rate.requests:
                free_at = self._sent.popleft() + self._rate.seconds
                seconds = max(0.0, free_at - clock.time())
                if seconds >= NOTICEABLE_SECONDS:
                    tell(seconds)
                await asyncio.sleep(seconds)
            self._sent.append(clock.time())


class Gate:
    """Closed while a vendor has asked an account to wait: then none of its requests are sent."""

    def __init__(self) -> None:
        self._opens_at = 0.0

    @property
    def remaining(self) -> float:
        """Seconds until it opens; 0 when open."""
        return max(0.0, self._opens_at - asyncio.get_running_loop().time())

    def close_for(self, seconds: float) -> None:
        self._opens_at = max(self._opens_at, asyncio.get_running_loop().time() + seconds)

    async def opened(self) -> None:
        # It may be closed for longer meanwhile, by another request's answer.
        while self.remaining > 0:  # noqa: ASYNC110
            await asyncio.sleep(self.remaining)


class Allowance:
    """What one credential may send; accounts that are configured with the same one share it.

    `total` bounds what a whole run sends at once, whoever sends it.
    """

    def __init__(self, rate: Rate | None, total: asyncio.Semaphore) -> None:
        self.gate = Gate()
        self._limiter = RateLimiter(rate)
        self._slots = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._total = total

    @asynccontextmanager
    async def turn(self, tell: Callable[[float], None]) -> AsyncIterator[None]:
        """Waits until a request may be sent, and holds its place until it is answered."""
        await self._limiter.acquire(tell)
        while True:
            await self.gate.opened()
            async with self._slots, self._total:
                # It may have closed while this request waited for its place.
                if self.gate.remaining == 0:
                    yield
                    return
