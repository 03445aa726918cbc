"""Where credentials may go: the origin (scheme, host, port) of the configured base URL only."""

from __future__ import annotations

import ipaddress

import httpx

DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(url: httpx.URL) -> str:
    """`https://host` or `https://host:8443`, without path, query and user."""
    port = "" if url.port in (None, DEFAULT_PORTS.get(url.scheme)) else f":{url.port}"
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    inside = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1
    return (inside or address).is_loopback


def check_base_url(text: str) -> str:
    """The base URL without a trailing slash; raises ValueError with the reason it can't be used."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError("is not a URL") from error
    if url.scheme not in DEFAULT_PORTS or not url.host:
        raise ValueError("must begin with https:// and a host")
    if url.userinfo:
        raise ValueError("must not hold a user or password: credentials belong to the accounts")
    if "?" in text or "#" in text:
        raise ValueError("must not have a query or a fragment")
    if url.scheme == "http" and not is_loopback(url.host):
        raise ValueError("must be https: http is accepted for this machine (loopback) only")
    return text.rstrip("/")
