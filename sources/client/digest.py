"""HTTP Digest authentication (RFC 7616) for many requests at once, on top of httpx's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping

import httpx

from sources.client.challenges import challenges
from sources.errors import UnusableAnswer

_REMEDY = (
    "Check base_url, and any gateway before it; or configure a credential of another kind, as "
    "MongoDB's service account (client_id and client_secret) is."
)


class SharedDigest(httpx.DigestAuth):
    """One nonce for an account's requests, counted up, so that only the first is challenged.

    httpx's own keeps a nonce too, but begins its count again whenever any request is challenged: of
    two that run side by side on one nonce, the second would look like a replay. Here one request at
    a time is challenged, and a nonce's count only ever grows.
    """

    def __init__(self, user: str, password: str) -> None:
        super().__init__(user, password)
        self._challenging = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        challenged = False
        signed_with = self._sign(request)
        if signed_with is None:
            async with self._challenging:
                # Another request may have been challenged while this one waited.
                signed_with = self._sign(request)
                if signed_with is None:
                    challenged = True
                    signed_with = self._take_challenge(request, (yield request))
                    if signed_with is None:
                        return
        response = yield request
        offered = _offered(response)
        # A nonce of its own that is refused means a wrong key, unless the server says otherwise.
        if not offered or (challenged and not any(map(_is_stale, offered))):
            return
        async with self._challenging:
            if self._nonce == signed_with:
                self._take_challenge(request, response)
            else:
                self._sign(request)
        yield request

    @property
    def _nonce(self) -> bytes | None:
        return self._last_challenge.nonce if self._last_challenge else None

    def _sign(self, request: httpx.Request) -> bytes | None:
        """Signs with the nonce at hand, if there is one, and returns it."""
        if self._last_challenge is None:
            return None
        header = self._build_auth_header(request, self._last_challenge)
        request.headers["Authorization"] = header
        return self._nonce

    def _take_challenge(self, request: httpx.Request, response: httpx.Response) -> bytes | None:
        """Takes the first that can be answered: servers list what they prefer first."""
        offered = _offered(response)
        if not offered:
            return None
        obstacles = [self._obstacle(each) for each in offered]
        if None not in obstacles:
            raise UnusableAnswer(
                request, f"its HTTP digest challenge can't be answered: {obstacles[0]}", _REMEDY
            )
        chosen = _as_httpx_reads_it(offered[obstacles.index(None)])
        parsed = self._parse_challenge(request, response, chosen)
        if parsed.nonce != self._nonce:
            self._last_challenge, self._nonce_count = parsed, 1
        return self._sign(request)

    def _get_header_value(self, header_fields: dict[str, bytes]) -> str:
        """httpx quotes the values, and leaves the quotes and backslashes in them as they are."""
        quotable = {
            name: value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            for name, value in header_fields.items()
        }
        return super()._get_header_value(quotable)

    def _obstacle(self, offered: Mapping[str, str]) -> str | None:
        """Why it can't be answered; None where it can."""
        qualities = _qualities(offered)
        if "realm" not in offered or not offered.get("nonce"):
            return "it states no realm or no nonce"
        if offered.get("algorithm", "MD5").upper() not in self._ALGORITHM_TO_HASH_FUNCTION:
            return f"it asks for the algorithm {offered['algorithm'][:40]}, which isn't known here"
        if qualities and "auth" not in qualities:
            asked = ", ".join(qualities)[:40]
            return f"it asks for the quality {asked}, and what can be signed here is auth alone"
        return None


def _offered(response: httpx.Response) -> list[Mapping[str, str]]:
    """The digest challenges of an answer that is one."""
    if response.status_code != 401:
        return []
    headers = response.headers.get_list("WWW-Authenticate")
    return [each.parameters for each in challenges(headers) if each.scheme == "digest"]


def _qualities(offered: Mapping[str, str]) -> list[str]:
    return offered.get("qop", "").lower().replace(",", " ").split()


def _as_httpx_reads_it(offered: Mapping[str, str]) -> str:
    kept = {name: offered[name] for name in ("realm", "nonce", "opaque") if name in offered}
    kept["algorithm"] = offered.get("algorithm", "MD5")
    if _qualities(offered):
        kept["qop"] = "auth"
    escaped = {name: re.sub(r'(["\\])', r"\\\1", value) for name, value in kept.items()}
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in escaped.items())


def _is_stale(offered: Mapping[str, str]) -> bool:
    """The signature was right, and only the nonce has expired."""
    return offered.get("stale", "").lower() == "true"
