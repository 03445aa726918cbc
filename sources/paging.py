"""One small function for each style of paging; all refuse to go round in circles.

A page that repeats, or a paging without an end, would load a listing that is not whole, so it fails
the listing instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from sources.http import Client, Parameters
from sources.vendor import Page

E = TypeVar("E")

PAGE_BOUND = 10_000


@dataclass(frozen=True)
class Envelope(Generic[E]):
    """The type of a vendor's pages, and where in one the documents and the way onward stand."""

    into: type[E]
    documents: Callable[[E], Page]
    onward: Callable[[E], str | None]


async def single_page(
    client: Client, path: str, envelope: Envelope[E], parameters: Parameters = ()
) -> AsyncIterator[Page]:
    """A list that the vendor sends in one piece."""
    yield envelope.documents(await client.get(path, envelope.into, parameters=parameters))


async def linked_pages(
    client: Client,
    first: httpx.URL,
    envelope: Envelope[E],
    follow: Callable[[str, httpx.URL], httpx.URL],
    accept: str = "application/json",
) -> AsyncIterator[Page]:
    """`onward` is a link, or what `follow` makes one of, from the page that it stands on."""
    trail = Trail(client, first.path)
    url: httpx.URL | None = first
    while url is not None:
        trail.step(str(url))
        page = await client.get_url(url, envelope.into, accept=accept)
        yield envelope.documents(page)
        link = envelope.onward(page)
        url = follow(link, url) if link else None


async def parameter_pages(
    client: Client, path: str, envelope: Envelope[E], parameter: str, parameters: Parameters = ()
) -> AsyncIterator[Page]:
    """`onward` is the next page's value of a query parameter: a number, a cursor."""
    trail = Trail(client, path)
    onward: str | None = None
    while True:
        asked = [*parameters, *([(parameter, onward)] if onward else [])]
        page = await client.get(path, envelope.into, parameters=asked)
        yield envelope.documents(page)
        onward = envelope.onward(page)
        if not onward:
            return
        trail.step(onward)


class Trail:
    """The pages of one listing that were read so far."""

    def __init__(self, client: Client, path: str) -> None:
        self._client = client
        self._path = path
        self._seen: set[str] = set()

    def step(self, page: str) -> None:
        """Raises SourceError when `page` was read before, or too many were."""
        if page in self._seen:
            raise self._client.refuse(self._path, "the paging leads back to a page already read")
        if len(self._seen) >= PAGE_BOUND:
            raise self._client.refuse(self._path, f"more than {PAGE_BOUND} pages, and no end")
        self._seen.add(page)
