"""Connections to public addresses alone: what a name leads to is checked, and that is connected to.

A name is looked up once. Whoever gives another answer the next time (DNS rebinding) is not asked
again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

import httpcore

# What the registries give out of IPv6, and what of IPv4 is for protocols alone.
_UNICAST = ipaddress.IPv6Network("2000::/3")
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotPublicError(Exception):
    """A name leads into a network that isn't public."""


def is_public(address: Address) -> bool:
    """Whether an address is anybody's on the internet, and so is the one that it carries inside:
    IPv6 has several spellings of an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inside = _inside(address)
        if inside is not None:
            return is_public(inside)
        if address not in _UNICAST:
            return False
    elif address in _PROTOCOLS:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _TRANSLATED or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's connections, but for those to an address that isn't public.

    `allowed` is a host and port of this machine that may be connected to all the same.
    """

    def __init__(self, allowed: tuple[str, int] | None = None) -> None:
        self._connections = httpcore.AnyIOBackend()
        self._allowed = allowed

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises NotPublicError where any of the host's addresses isn't public."""
        addresses = await _resolved(host, port)
        if (host, port) != self._allowed and not all(map(is_public, addresses)):
            raise NotPublicError(f"{host} leads to an address that isn't public")
        return await self._connections.connect_tcp(
            str(addresses[0]), port, timeout, local_address, socket_options
        )


async def _resolved(host: str, port: int) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} can't be looked up") from error
    return [ipaddress.ip_address(place[0]) for *_, place in found]
