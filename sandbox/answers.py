"""Answers in JSON, refusals in each vendor's own words, and query parameters that are checked
strictly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

# Decimals are written as JSON numbers, digit by digit.
_ENCODER = msgspec.json.Encoder(decimal_format="number")

Describe = Callable[["Refusal"], object]


class Refusal(HTTPException):
    """A request that the vendor would not answer. `code` is the vendor's word for the reason, where
    it has words.
    """

    def __init__(
        self, status: int, detail: str, code: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code


def encode(document: object) -> bytes:
    return _ENCODER.encode(document)


def answer(
    document: object,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    return Response(encode(document), status, headers, media_type)


def vendor_application(routes: list[Route], describe: Describe) -> Starlette:
    """The routes of one vendor; `describe` gives the body of that vendor's refusals."""

    def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if not isinstance(error, Refusal):
            error = Refusal(error.status_code, error.detail, headers=error.headers)
        return answer(describe(error), error.status_code, headers=error.headers)

    application = Starlette(routes=routes, exception_handlers={HTTPException: refuse})
    application.router.redirect_slashes = False
    return application


def only(request: Request, *allowed: str, repeated: Collection[str] = ()) -> None:
    """Refuses parameters that the route doesn't have, and one that is given twice."""
    for name in request.query_params:
        if name not in allowed:
            raise Refusal(400, f"Unknown query parameter: {name}.", "INVALID_QUERY_PARAMETER")
        if name not in repeated and len(request.query_params.getlist(name)) > 1:
            raise Refusal(400, f"Repeated query parameter: {name}.", "INVALID_QUERY_PARAMETER")


def integer(request: Request, name: str, default: int, *, maximum: int | None = None) -> int:
    """A whole number from 1 on; anything else is refused."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) < 1:
        raise Refusal(400, f"{name} must be a positive integer.", "INVALID_QUERY_PARAMETER")
    if maximum is not None and int(text) > maximum:
        raise Refusal(400, f"{name} must be at most {maximum}.", "INVALID_QUERY_PARAMETER")
    return int(text)


def boolean(request: Request, name: str, default: bool) -> bool:
    text = request.query_params.get(name)
    if text is None:
        return default
    if text not in ("true", "false"):
        raise Refusal(400, f"{name} must be true or false.", "INVALID_QUERY_PARAMETER")
    return text == "true"


def day(request: Request, name: str) -> date | None:
    """A date as YYYY-MM-DD."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(400, f"{name} must be a date.", "INVALID_QUERY_PARAMETER") from None


def credential(request: Request, scheme: str) -> str | None:
    """What follows the scheme in `Authorization`; nothing when the request came with another scheme
    or none.
    """
    given, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if given.lower() == scheme.lower() and value.strip() else None


def base_url(request: Request, vendor: str) -> str:
    """Where the vendor's paths begin, as the caller reached it."""
    return f"{request.url.scheme}://{request.url.netloc}/{vendor}"
