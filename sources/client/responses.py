"""What an HTTP answer is worth: a decoded document, or an error that says what came instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple, TypeVar, cast

import httpx
import msgspec

from sources.client.caller import Caller
from sources.client.decoding import NO_JSON, decode
from sources.client.origin import origin
from sources.client.retry import may_pass
from sources.client.unpacking import DEFAULT_LIMIT, MEBIBYTE
from sources.errors import (
    REPORT,
    NothingThereError,
    NotYetError,
    SourceError,
    TransientError,
    UnusableAnswer,
)

T = TypeVar("T")

PAGE_LIMIT = DEFAULT_LIMIT
DETAIL_LIMIT = 512 * MEBIBYTE
EXCERPT_BYTES = 16384
EXCERPT_CHARACTERS = 80
# The hash that signs a digest request: as good as a credential while its nonce holds.
_SIGNATURE = re.compile(r'\bresponse="?([^",\s]+)')
# The header that holds another's, which is good for some minutes.
SIGNATURE = "X-Ovh-Signature"

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

CERTIFICATE_REMEDY = (
    "If a proxy of yours opens TLS, or the server's certificate is of your own authority, name that"
    " authority's certificates (PEM) in SSL_CERT_FILE; else the network leads to another server."
)


class Nothing(NamedTuple):
    """By which status, and which word in its text, a vendor says that it has nothing to give: no
    error, and nothing to ask for again."""

    status: int
    word: str = ""


class NotYet(NamedTuple):
    """By which status a vendor says that it is still making what was asked for: no error, and no
    empty list either. It is asked again a little later, and then by the next run."""

    status: int


NOTHING = "billhouse.nothing"
NOT_YET = "billhouse.not_yet"


@dataclass
class Part:
    """A part of a list: by which `Range` it is asked for (none: the first), and, once it came, by
    which the next one is (none: it was the last)."""

    asked: str | None = None
    following: str | None = None


PART = "billhouse.part"


class Responses:
    """Reads the answers to one caller. Every text that leaves here is without its secrets."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._redact = caller.redact

    async def read(
        self, response: httpx.Response, into: type[T], retry_after: float | None = None
    ) -> T:
        """The body, decoded; as it came where `bytes` are asked for. Content-Type is not trusted:
        what counts is that it parses."""
        request = response.request
        if response.is_redirect:
            raise self._redirected(response)
        if _says_not_yet(response):
            raise self._not_yet(response)
        if not response.is_success:
            said = await self._said(response)
            if _says_nothing(response):
                raise NothingThereError
            raise self._refused(response, said, retry_after)
        part: Part | None = request.extensions.get(PART)
        if part is not None:
            part.following = response.headers.get("Next-Range")
        if response.status_code != HTTPStatus.OK and not _is_part(response, part):
            # "Created", "accepted" or a part of it: what came is not what was asked for.
            problem = f"answered {_status(response)}, where 200 OK brings what was asked for"
            raise self._transient(request, problem)
        body = await response.aread()
        if into is bytes:
            return cast(T, body)
        try:
            return decode(body, into)
        except msgspec.ValidationError as error:
            reason = self._clean(request, str(error))
            raise self.failure(
                request, f"the JSON has another shape than documented: {reason}"
            ) from None
        except NO_JSON as error:
            instead = self._instead(response, body, error)
            raise self._transient(
                request, f"answered {_status(response)}, but no JSON: {instead}"
            ) from None

    def failure(self, request: httpx.Request, problem: str, remedy: str = REPORT) -> SourceError:
        """What a server wrote must be redacted before it becomes a part of `problem`."""
        return SourceError(
            vendor=self._caller.vendor,
            account=self._caller.account,
            request=self.named(request),
            problem=self._redact.plain(problem),
            remedy=remedy,
        )

    def unusable(self, error: UnusableAnswer) -> SourceError:
        make = self._transient if error.may_pass else self.failure
        return make(error.request, self._clean(error.request, error.problem), error.remedy)

    def broken(self, request: httpx.Request, error: Exception) -> SourceError:
        """A request that got no whole answer. Only its kind is told: the text may quote headers."""
        if isinstance(error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol)):
            return self.failure(request, "the request could not be built", "Check the credential.")
        kinds = (words for kind, words in BROKEN.items() if isinstance(error, kind))
        problem = f"no whole answer ({next(kinds)})"
        if isinstance(error, httpx.ConnectError):
            problem = f"no connection to {origin(request.url)} ({error})"
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return self.failure(request, problem, CERTIFICATE_REMEDY)
        return self._transient(request, problem, NETWORK_REMEDY)

    async def _said(self, response: httpx.Response) -> str:
        """The text beside a status that says no: the status counts, even where the text is lost."""
        try:
            body = await response.aread()
        except UnusableAnswer as error:
            return f" ({error.problem})"
        except httpx.HTTPError:
            return " (its text didn't come whole)"
        return f": {self._excerpt(response.request, body)}" if body.strip() else ""

    def _refused(
        self, response: httpx.Response, said: str, retry_after: float | None
    ) -> SourceError:
        status = response.status_code
        problem = f"answered {_status(response)}{said}"
        remedy = self._caller.remedies.get(status) or REMEDIES.get(status)
        if may_pass(status):
            remedy = remedy or SERVER_REMEDY
            return self._transient(response.request, problem, remedy, retry_after, status)
        refusal = self.failure(response.request, problem, remedy or REPORT)
        refusal.status = status
        return refusal

    def _not_yet(self, response: httpx.Response) -> NotYetError:
        return NotYetError(
            vendor=self._caller.vendor,
            account=self._caller.account,
            request=self.named(response.request),
            problem=f"answered {_status(response)}: what was asked for isn't made yet",
            remedy="The next run asks for it again.",
        )

    def _redirected(self, response: httpx.Response) -> SourceError:
        try:
            url = response.request.url.join(response.headers["Location"])
            target = self._clean(response.request, origin(url))
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
        request = response.request
        content_type = self._clean(request, response.headers.get("Content-Type", "no content type"))
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        return f"{content_type}, {len(body)} bytes, {self._excerpt(request, body)} ({reason})"

    def _excerpt(self, request: httpx.Request, body: bytes) -> str:
        """Redacted as it would be shown, white space folded, and before it is cut there."""
        folded = " ".join(body[:EXCERPT_BYTES].decode("utf-8", "replace").split())
        text = self._clean(request, folded)
        printable = "".join(c if c.isprintable() else "�" for c in text)
        cut = "…" if len(printable) > EXCERPT_CHARACTERS else ""
        return f"«{printable[:EXCERPT_CHARACTERS]}{cut}»"

    def _transient(
        self,
        request: httpx.Request,
        problem: str,
        remedy: str = SERVER_REMEDY,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> TransientError:
        return TransientError(
            vendor=self._caller.vendor,
            account=self._caller.account,
            request=self.named(request),
            problem=self._redact.plain(problem),
            remedy=remedy,
            retry_after=retry_after,
            status=status,
        )

    def named(self, request: httpx.Request) -> str:
        address = f"{request.method} {request.url.path}"
        return self._redact.address(address, *_signatures(request))

    def _clean(self, request: httpx.Request, text: str) -> str:
        """Without the account's secrets, and without what signed this request."""
        return self._redact(text, *_signatures(request))


def _signatures(request: httpx.Request) -> list[str]:
    found: list[str] = _SIGNATURE.findall(request.headers.get("Authorization", ""))
    return found + [each.rpartition("$")[2] for each in request.headers.get_list(SIGNATURE)]


def _is_part(response: httpx.Response, part: Part | None) -> bool:
    """Whether what came is a part of a list, and was asked for as one or names the next."""
    is_partial = response.status_code == HTTPStatus.PARTIAL_CONTENT
    return is_partial and part is not None and bool(part.asked or part.following)


def _says_nothing(response: httpx.Response) -> bool:
    nothing: Nothing | None = response.request.extensions.get(NOTHING)
    if nothing is None or response.status_code != nothing.status:
        return False
    try:
        return nothing.word.encode() in response.content
    except httpx.ResponseNotRead:  # a text that got lost doesn't say so
        return False


def _says_not_yet(response: httpx.Response) -> bool:
    not_yet: NotYet | None = response.request.extensions.get(NOT_YET)
    return not_yet is not None and response.status_code == not_yet.status


def _status(response: httpx.Response) -> str:
    code = response.status_code
    name = HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else ""
    return f"{code} {name}".strip()
