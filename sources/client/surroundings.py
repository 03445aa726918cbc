"""What the environment says about connections: proxies, and whose certificates are trusted.

A mistake there is found before any request. A variable's value is never told, since that of a proxy
may hold a password.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.request import getproxies

import httpx

from sources.errors import ConfigurationError

_PROXIED = ("http", "https", "all")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
# As `openssl rehash` names a folder's certificates; OpenSSL looks at no others.
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # the first that is set counts
_KEY_LOG = "SSLKEYLOGFILE"


def check_surroundings() -> None:
    """Raises ConfigurationError, which names the variable that is wrong."""
    check_proxies()
    if any(os.environ.get(name) for name in (*_CERTIFICATES, _KEY_LOG)):
        trusted_certificates()


def check_proxies() -> None:
    """Raises ConfigurationError where httpx could make no client, or one that reaches nothing."""
    if not getproxies():
        return
    for name, value in _proxies():
        problem = _problem(value)
        if problem:
            raise ConfigurationError(
                f"{name} is no proxy that can be used: {problem}. Fix it or remove it (its value "
                "isn't shown, since it may hold a password)"
            )
    try:
        httpx.AsyncClient(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except (httpx.InvalidURL, ValueError):
        raise ConfigurationError(
            f"{_variable('no_proxy', getproxies().get('no', ''))} can't be used: write hosts and "
            "addresses with commas between them, an IPv6 address without brackets and prefix"
        ) from None


def trusted_certificates() -> ssl.SSLContext:
    """What TLS is verified with: those that the environment names, else the usual ones.

    Raises ConfigurationError where the environment names none that can be used.
    """
    return _context(*(os.environ.get(name) for name in (*_CERTIFICATES, _KEY_LOG)))


@lru_cache(maxsize=1)
def _context(*_named: str | None) -> ssl.SSLContext:
    """Once for what the environment names: it is checked first, and used then."""
    name = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    try:
        context = httpx.create_ssl_context()
    except OSError as error:
        names = " or ".join(each for each in (name, _KEY_LOG) if each and os.environ.get(each))
        reason = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(
            f"{names or 'The package certifi'} names no file that can be used ({reason})"
        ) from None
    if name == "SSL_CERT_FILE" and not context.cert_store_stats()["x509"]:
        raise ConfigurationError(f"{name} names a file that holds no certificate")
    if name == "SSL_CERT_DIR" and not any(map(_is_certificate, _hashed_files(os.environ[name]))):
        raise ConfigurationError(
            f"{name} names no folder with certificates that can be read, each under the name that "
            "`openssl rehash` gives it"
        )
    return context


def _proxies() -> Iterator[tuple[str, str]]:
    used = getproxies()
    for scheme in _PROXIED:
        if used.get(scheme):
            yield _variable(f"{scheme}_proxy", used[scheme]), used[scheme]


def _variable(lower: str, value: str) -> str:
    """The variable that holds the value: small letters count first, and then any spelling."""
    spellings = sorted((name for name in os.environ if name.lower() == lower), reverse=True)
    named = (name for name in spellings if os.environ[name] == value)
    return next(named, f"The system's setting for {lower}")


def _problem(value: str) -> str | None:
    try:
        # A host and a port alone mean http, as httpx reads it.
        url = httpx.Proxy(value if "://" in value else f"http://{value}").url
    except httpx.InvalidURL:
        return "it is no URL like http://host:port"
    except ValueError:
        return "it must begin with http:// or https://"
    host = url.raw_host.decode("ascii")
    if not _HOST.fullmatch(host) or not 0 < (url.port or 80) < 65536:
        return "it is no URL like http://host:port"
    if url.raw_path != b"/" or url.fragment:
        return "it has a path, and a proxy is a host and a port alone"
    if url.scheme.startswith("socks") and find_spec("socksio") is None:
        return "for SOCKS the package socksio must be installed"
    return None


def _hashed_files(folders: str) -> Iterator[Path]:
    for folder in folders.split(os.pathsep):
        try:
            entries = sorted(Path(folder).iterdir())
        except OSError:  # one of several may be missing
            continue
        yield from (entry for entry in entries if _HASHED_NAME.fullmatch(entry.name))


def _is_certificate(file: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except OSError:
        return False
    return True
