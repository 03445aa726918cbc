"""Numbered pages, read before they are asked for: a list of 200 pages need not wait 200 times.

Only the vendor says where a list ends, so that some of what is read ahead may lie past its end. It
is dropped, whatever came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import httpx

E = TypeVar("E")

WIDEST = 8


class Ahead(Generic[E]):
    """Reads the pages of one listing ahead, more of them at once the longer the list turns out."""

    def __init__(self, get: Callable[[httpx.URL], Awaitable[E]], parameter: str | None) -> None:
        self._get = get
        self._parameter = parameter
        self._tasks: dict[str, asyncio.Future[E]] = {}
        self._width = 1
        self._begun = 0

    async def page(self, url: httpx.URL) -> E:
        """The page at `url`, which may be under way already."""
        task = self._tasks.pop(_same(url), None)
        return await (task if task is not None else self._get(url))

    def expect(self, following: httpx.URL, last_number: int | None) -> None:
        """Begins to read `following` and the pages after it.

        `last_number`: the vendor's guess of the last page; nothing past it is read ahead.
        """
        number = following.params.get(self._parameter or "")
        if self._parameter is None or number is None or not number.isdecimal():
            return
        farthest = int(number) + self._width - 1
        if last_number is not None:
            farthest = min(farthest, last_number)
        for ahead in range(max(int(number), self._begun + 1), farthest + 1):
            url = following.copy_set_param(self._parameter, str(ahead))
            self._tasks[_same(url)] = asyncio.ensure_future(self._get(url))
            self._begun = ahead
        self._width = WIDEST if last_number is not None else min(self._width + 1, WIDEST)

    async def aclose(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()


def _same(url: httpx.URL) -> str:
    """The order of parameters is the vendor's whim."""
    return f"{url.path}?{sorted(url.params.multi_items())}"
