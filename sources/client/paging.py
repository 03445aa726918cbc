"""One small function for each style of paging; all refuse to go round in circles.

A page that repeats, or a paging without an end, would load a listing that is not whole, so it fails
the listing instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import httpx
import msgspec

from sources.client.client import Client, Parameters
from sources.client.prefetch import Ahead
from sources.client.responses import Part
from sources.errors import ListChangedError
from sources.keys import scalar

E = TypeVar("E")
Page = Sequence[msgspec.Raw]
"""A part of a list: documents, each still the bytes that the vendor sent."""

PAGE_BOUND = 50_000


@dataclass(frozen=True)
class Envelope(Generic[E]):
    """The type of a vendor's pages, and where in one the documents and the way onward stand.

    `number` is the parameter that counts pages, where there is one, and `last_number` the vendor's
    guess of how many there are, which only decides how many are read ahead. `size` is what the
    vendor says of the whole list's length, and `total` is that where it is no estimate. `mark`
    tells a document from the others of its list.
    """

    into: type[E]
    documents: Callable[[E], Page]
    onward: Callable[[E], str | None]
    number: str | None = None
    last_number: Callable[[E], int | None] = lambda _: None
    size: Callable[[E], object] = lambda _: None
    total: Callable[[E], float | None] = lambda _: None
    mark: Callable[[msgspec.Raw], object] = lambda document: scalar(document, "id")

    def marks(self, page: E) -> list[object]:
        """What a page holds, and how long the list is: another one has other documents."""
        return [self.size(page), *map(self.mark, self.documents(page))]


async def linked_pages(
    client: Client,
    first: httpx.URL,
    envelope: Envelope[E],
    follow: Callable[[str, httpx.URL], httpx.URL],
    accept: str = "application/json",
) -> AsyncIterator[Page]:
    """`onward` is a link, or what `follow` makes one of, from the page that it stands on.

    Where pages are numbered, some are read side by side; which ones count, `onward` says. A
    document that comes or goes meanwhile moves those behind it from page to page, and one of them
    may be on none of the pages that were read. So the first page, where new ones come, is read once
    more at the end: it was read before all others, and where it is the same, so was the list, if
    each page says that it is as long.

    Raises ListChangedError where it isn't: what was read is not to be used.
    """
    trail = Trail(client, first)
    get = partial(client.get_url, into=envelope.into, accept=accept)
    ahead = Ahead(get, envelope.number)
    url: httpx.URL | None = first
    marks: list[object] | None = None
    moved = False
    read = 0
    total: float | None = None
    try:
        while url is not None:
            trail.step(str(url))
            page = await ahead.page(url)
            marks = envelope.marks(page) if marks is None else marks
            moved = moved or envelope.size(page) != marks[0]
            documents = envelope.documents(page)
            read += len(documents)
            total = envelope.total(page)
            yield documents
            link = envelope.onward(page)
            url = follow(link, url) if link else None
            if url is not None:
                ahead.expect(url, envelope.last_number(page))
    finally:
        await ahead.aclose()
    if total is not None and total > read:
        problem = f"the list has {read} documents, though it says that there are {total:g}"
        raise client.refuse(first, problem)
    if envelope.number and trail.length > 1:
        moved = envelope.marks(await get(first)) != marks or moved
    if moved:
        raise ListChangedError(client.refuse(first, "the list changed while it was read"))


async def parameter_pages(
    client: Client, path: str, envelope: Envelope[E], parameter: str, parameters: Parameters = ()
) -> AsyncIterator[Page]:
    """`onward` is the next page's value of a query parameter: a cursor."""
    trail = Trail(client, client.url(path))
    onward: str | None = None
    while True:
        asked = [*parameters, *([(parameter, onward)] if onward else [])]
        page = await client.get(path, envelope.into, parameters=asked)
        yield envelope.documents(page)
        onward = envelope.onward(page)
        if not onward:
            return
        trail.step(onward)


async def ranged_pages(client: Client, url: httpx.URL, accept: str) -> AsyncIterator[Page]:
    """The list is the whole answer. Where it is cut, `Next-Range` names what follows, and is sent
    back as `Range`."""
    trail = Trail(client, url)
    part = Part()
    while True:
        yield await client.get_url(url, list[msgspec.Raw], accept=accept, part=part)
        if not part.following:
            return
        trail.step(part.following)
        part = Part(part.following)


class Trail:
    """The pages of one listing that were read so far."""

    def __init__(self, client: Client, first: httpx.URL) -> None:
        self._client = client
        self._first = first
        self._seen: set[str] = set()

    @property
    def length(self) -> int:
        return len(self._seen)

    def step(self, page: str) -> None:
        """Raises SourceError when `page` was read before, or too many were."""
        if page in self._seen:
            raise self._client.refuse(self._first, "the paging leads back to a page already read")
        if len(self._seen) >= PAGE_BOUND:
            raise self._client.refuse(self._first, f"more than {PAGE_BOUND} pages, and no end")
        self._seen.add(page)
