"""Files behind a link that a vendor gave: on other hosts, and so without any credential.

A link may lead anywhere, also into this machine's own network, so it is followed to hosts that the
vendor's module names, over https, and to public addresses; each redirect is a new link. Only where
the vendor itself is a stand-in on this machine may its links lead there, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import httpcore
import httpx

from sources.client.addresses import NotPublicError, PublicNetwork
from sources.client.origin import DEFAULT_PORTS, is_loopback, origin
from sources.client.retry import may_pass
from sources.client.surroundings import trusted_certificates

FILE_LIMIT = 20 * 1024 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 4
_TIMEOUT = {"connect": 10.0, "read": 20.0, "write": 10.0, "pool": 10.0}
_HEADERS = [("User-Agent", "billhouse"), ("Accept", "*/*"), ("Accept-Encoding", "identity")]


class FileError(Exception):
    """A file that didn't come; the text tells no more of a link than its host. `is_final`: the same
    link won't give it the next time either."""

    def __init__(self, problem: str, *, is_final: bool = False) -> None:
        super().__init__(problem)
        self.is_final = is_final


@dataclass(frozen=True)
class ForeignFile:
    """What a link led to, and the host that had it."""

    content: bytes
    host: str


async def download(
    link: str, hosts: Collection[str], base_url: str, limit: int = FILE_LIMIT
) -> ForeignFile:
    """What `link` leads to, of at most `limit` bytes. The caller bounds the time.

    Raises:
        FileError: it leads where it mustn't, or there is no such file.
    """
    base = httpx.URL(base_url)
    here = base if is_loopback(base.host) else None
    port = (here.port or DEFAULT_PORTS[here.scheme]) if here else 0
    async with httpcore.AsyncConnectionPool(
        ssl_context=trusted_certificates(),
        max_connections=1,
        network_backend=PublicNetwork((here.host, port) if here else None),
    ) as pool:
        fetch = partial(_fetched, pool, limit)
        url = _allowed(link, hosts, here)
        for _ in range(_MOST_REDIRECTS + 1):
            found = await fetch(url)
            if isinstance(found, bytes):
                return ForeignFile(found, url.host)
            url = _allowed(str(_joined(url, found.location)), hosts, here)
    raise FileError("it was redirected too often", is_final=True)


@dataclass(frozen=True)
class _Redirect:
    location: str


def _allowed(link: str, hosts: Collection[str], here: httpx.URL | None) -> httpx.URL:
    try:
        url = httpx.URL(link)
    except httpx.InvalidURL:
        raise FileError("the link is no URL", is_final=True) from None
    if url.userinfo:
        raise FileError("the link holds a user or a password", is_final=True)
    if here is not None:
        if origin(url) == origin(here):
            return url
        raise FileError("the link leads away from the stand-in that gave it", is_final=True)
    if url.scheme != "https" or url.port is not None:
        raise FileError(f"the link to {url.host} is not https on its usual port", is_final=True)
    if url.host not in hosts:
        raise FileError(
            f"the link leads to {url.host or 'no host'}, which isn't known as the vendor's",
            is_final=True,
        )
    return url


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location)
    except httpx.InvalidURL:
        raise FileError(f"{url.host} redirects to no URL", is_final=True) from None


async def _fetched(
    pool: httpcore.AsyncConnectionPool, limit: int, url: httpx.URL
) -> bytes | _Redirect:
    try:
        async with pool.stream(
            "GET",
            str(url.copy_with(fragment=None)),
            headers=_HEADERS,
            extensions={"timeout": _TIMEOUT},
        ) as response:
            headers = {name.lower(): value for name, value in response.headers}
            if response.status in _REDIRECTS:
                return _Redirect(headers.get(b"location", b"").decode("latin-1"))
            if response.status != 200:
                raise FileError(
                    f"{url.host} answered {response.status}",
                    is_final=not may_pass(response.status),
                )
            return await _body(response, headers, limit, url.host)
    except NotPublicError as error:
        raise FileError(str(error), is_final=True) from None
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        # Only its kind is told: the text of an error may quote what was sent.
        raise FileError(f"no whole answer from {url.host} ({type(error).__name__})") from None


async def _body(
    response: httpcore.Response, headers: Mapping[bytes, bytes], limit: int, host: str
) -> bytes:
    """As it came: nothing is unpacked, so that what is small stays small."""
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in (b"", b"identity"):
        raise FileError(f"{host} sent it packed, which wasn't asked for", is_final=True)
    content = bytearray()
    async for piece in response.aiter_stream():
        content += piece
        if len(content) > limit:
            raise FileError(f"it is larger than {limit >> 20} MiB", is_final=True)
    return bytes(content)
