"""What an HTTP answer is worth: a decoded document, or an error that says what came instead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar

import httpx
import msgspec

from sources.errors import SourceError, TransientError
from sources.origin import origin
from sources.redaction import Redactor
from sources.retry import parse_retry_after
from sources.vendor import ConfiguredAccount

T = TypeVar("T")

MEBIBYTE = 1024 * 1024
PAGE_LIMIT = 64 * MEBIBYTE
DETAIL_LIMIT = 512 * MEBIBYTE
EXCERPT_CHARACTERS = 80
TRANSIENT = frozenset({429, 500, 502, 503, 504})

REPORT = "If it repeats, the vendor's API may have changed: report it with this message."
REMEDIES = {
    429: "Too many requests: the next run goes on; if it repeats, lower requests_per_period.",
    404: "Check the account's organization or id, and base_url.",
}
SERVER_REMEDY = "The vendor's server has trouble: the next run tries again."
BROKEN: Mapping[type[Exception], str] = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.TimeoutException: "nothing came for too long",
    TimeoutError: "it took too long as a whole",
    httpx.DecodingError: "what came can't be unpacked",
    httpx.ProtocolError: "the connection ended too early, or it wasn't HTTP",
    httpx.ProxyError: "the proxy refused",
    httpx.HTTPError: "the connection broke",
}
NETWORK_REMEDY = "Check the network, a proxy or firewall, and base_url; the next run tries again."


class Answers:
    """Reads one account's answers. Every text that leaves here is without the account's secrets."""

    def __init__(self, account: ConfiguredAccount, redactor: Redactor) -> None:
        self._vendor = account.definition
        self._account = account.name
        self._redact = redactor

    async def read(self, response: httpx.Response, into: type[T], limit: int) -> T:
        """The body, decoded. Content-Type is not trusted: what counts is that it parses."""
        request = response.request
        if response.is_redirect:
            raise self._redirected(response)
        body = await self._body(response, limit)
        if not response.is_success:
            raise self._refused(response, body)
        try:
            str(body, "utf-8")
            return msgspec.json.decode(body, type=into)
        except msgspec.ValidationError as error:
            raise self.failure(
                request, f"the JSON has another shape than documented: {error}"
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            instead = self._instead(response, body, error)
            raise self._transient(
                request, f"answered {_status(response)}, but no JSON: {instead}"
            ) from None

    def failure(self, request: httpx.Request, problem: str, remedy: str = REPORT) -> SourceError:
        return SourceError(
            vendor=self._vendor.name,
            account=self._account,
            request=self._named(request),
            problem=self._redact(problem),
            remedy=remedy,
        )

    def broken(self, request: httpx.Request, error: Exception) -> SourceError:
        """A request that got no whole answer. Only its kind is told: the text may quote headers."""
        if isinstance(error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol)):
            return self.failure(request, "the request could not be built", "Check the credential.")
        kinds = (words for kind, words in BROKEN.items() if isinstance(error, kind))
        problem = f"no whole answer ({next(kinds)})"
        if isinstance(error, httpx.ConnectError):
            problem = f"no connection to {origin(request.url)} ({error})"
        return self._transient(request, problem, NETWORK_REMEDY)

    async def _body(self, response: httpx.Response, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            if size > limit:
                problem = f"the answer is larger than {limit / MEBIBYTE:g} MiB"
                raise self.failure(response.request, problem)
        return b"".join(parts)

    def _refused(self, response: httpx.Response, body: bytes) -> SourceError:
        status = response.status_code
        problem = f"answered {_status(response)}"
        if body.strip():
            problem += f": {self._excerpt(body)}"
        remedy = self._vendor.remedies.get(status) or REMEDIES.get(status)
        if status in TRANSIENT:
            wait = parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            return self._transient(response.request, problem, remedy or SERVER_REMEDY, wait)
        refusal = self.failure(response.request, problem, remedy or REPORT)
        refusal.status = status
        return refusal

    def _redirected(self, response: httpx.Response) -> SourceError:
        try:
            target = origin(response.request.url.join(response.headers["Location"]))
        except (httpx.InvalidURL, KeyError):
            target = "nowhere"
        return self.failure(
            response.request,
            f"answered {_status(response)}, a redirect to {target}, which is not followed",
            "Check base_url: credentials are sent to its origin only.",
        )

    def _instead(self, response: httpx.Response, body: bytes, error: Exception) -> str:
        if not body.strip():
            return "an empty body"
        content_type = response.headers.get("Content-Type", "no content type")
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        return f"{content_type}, {len(body)} bytes, {self._excerpt(body)} ({reason})"

    def _excerpt(self, body: bytes) -> str:
        """Redacted before it is cut, lest half a secret stay."""
        text = " ".join(self._redact(body[:16384].decode("utf-8", "replace")).split())
        printable = "".join(c if c.isprintable() else "�" for c in text)
        cut = "…" if len(printable) > EXCERPT_CHARACTERS else ""
        return f"«{printable[:EXCERPT_CHARACTERS]}{cut}»"

    def _transient(
        self,
        request: httpx.Request,
        problem: str,
        remedy: str = SERVER_REMEDY,
        retry_after: float | None = None,
    ) -> TransientError:
        return TransientError(
            vendor=self._vendor.name,
            account=self._account,
            request=self._named(request),
            problem=self._redact(problem),
            remedy=remedy,
            retry_after=retry_after,
        )

    def _named(self, request: httpx.Request) -> str:
        return self._redact(f"{request.method} {request.url.path}")


def _status(response: httpx.Response) -> str:
    code = response.status_code
    name = HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else ""
    return f"{code} {name}".strip()
