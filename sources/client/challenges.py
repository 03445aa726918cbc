"""What a server's WWW-Authenticate headers ask for (RFC 9110, 11.6.1).

Several challenges may stand in one header line, after any white space, and one in each of several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_BETWEEN = re.compile(r"[\s,]*")
# A value without quotes may hold more than it should: servers write base64 so.
_PARAMETER = re.compile(rf'({_WORD})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"=][^\s,"]*)(?=[\s,]|$)')
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")
_SCHEME = re.compile(_WORD)


@dataclass(frozen=True)
class Challenge:
    """A scheme and its parameters, the names of both in small letters."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """All of them, in order. What is not understood ends its header, and nothing else."""
    found: list[Challenge] = []
    for header in headers:
        found += _challenges(header)
    return found


def _challenges(header: str) -> list[Challenge]:
    found: list[Challenge] = []
    position = 0
    while (position := _end(_BETWEEN, header, position)) < len(header):
        parameter = _PARAMETER.match(header, position)
        if parameter and found:
            found[-1].parameters.setdefault(parameter[1].lower(), _unquoted(parameter[2]))
            position = parameter.end()
            continue
        scheme = _SCHEME.match(header, position)
        if scheme is None:
            break
        found.append(Challenge(scheme[0].lower()))
        position = _after_token68(header, scheme.end())
    return found


def _after_token68(header: str, position: int) -> int:
    """Past what `Negotiate` and the like carry instead of parameters."""
    start = _end(_BETWEEN, header, position)
    if "," in header[position:start] or _PARAMETER.match(header, start):
        return position
    return _end(_TOKEN68, header, start)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
