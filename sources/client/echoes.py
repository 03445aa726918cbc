"""Whether a text gives a secret away, in whatever spelling a server may have put it.

The text is decoded in every way that we know of, again and again, and each form is searched for
parts of the secrets. Only visible ASCII counts, since secrets consist of nothing else: what UTF-16
puts between the characters, and white space, fall away. Each form is also searched with its letters
and digits alone, since whatever cuts a secret into pieces is neither.
"""

from __future__ import annotations

import base64
import html
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

# A part that is shorter tells nothing, and would be found in innocent text.
PART = 8
# Escaped base64 of escaped text is as far as servers go, and one more.
DEPTH = 4

_INVISIBLE = re.compile(r"[^!-~]+")
_TAG = re.compile(r"<[^<>]*>")
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(
    rf"\\U({_HEX}{{8}})|\\[uUxX]\{{({_HEX}{{1,6}})\}}|(?:%|\\)[uU]({_HEX}{{4}})|"
    rf"((?:(?:[%=]|\\[xX]){_HEX}{{2}})+)|\\([0-7]{{3}})|\\([nrtfb])|\\(.)"
)
_BYTE = re.compile(rf"[%=xX]({_HEX}{{2}})")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/]{12,}")
_BETWEEN = re.compile(r"[^A-Za-z0-9]+(?:0[xX])?")
_NEITHER = re.compile(r"[^A-Za-z0-9]+")
_SPACE = re.compile(r"\s+")
_NUMBERS = re.compile(rf"\d{{1,3}}(?:[^A-Za-z0-9]{{1,4}}\d{{1,3}}){{{PART - 1},}}")
_HEX_RUN = re.compile(
    rf"{_HEX}{{2}}(?:(?:[^A-Za-z0-9]{{1,4}}(?:0[xX])?)?{_HEX}{{2}}){{{PART - 1},}}{_HEX}?"
)
_URL_SAFE = str.maketrans("-_", "+/")


def echoes(text: str, secrets: Iterable[str], *, whole: bool = False) -> bool:
    """Whether any decoded form of the text holds a secret, or eight characters of one in a row:
    only a `whole` one counts where the text is mostly ours and not cut."""
    parts: dict[int, set[str]] = {}
    for secret in secrets:
        for spelling in _spellings(secret):
            size = len(spelling) if whole else min(PART, len(spelling))
            parts.setdefault(size, set()).update(_windows(spelling.lower(), size))
    return any(
        not found.isdisjoint(_windows(spelled.lower(), size))
        for form in _forms(text)
        for spelled in (form, _letters(form))
        for size, found in parts.items()
    )


def _spellings(secret: str) -> Iterator[str]:
    for spelling in (_visible(secret), _unescaped(secret)):
        yield spelling
        letters = _letters(spelling)
        if len(letters) >= PART:
            yield letters


def _windows(text: str, size: int) -> Iterator[str]:
    return (
        (text[start : start + size] for start in range(len(text) - size + 1)) if size else iter("")
    )


def _forms(text: str) -> Iterator[str]:
    # White space may be all that stands between the numbers of a list. What was cut into pieces is
    # put together here, and not in each form: that would make a hundred more.
    visible, listed = _visible(text), _visible(_SPACE.sub(",", text))
    unescaped = _SPACE.sub(",", html.unescape(_ESCAPE.sub(_character, text)))
    together = (listed, _visible(unescaped), _letters(visible), _letters(_unescaped(visible)))
    waiting = [(visible, 0), *((each, DEPTH - 2) for each in together)]
    seen: set[str] = set()
    for form, depth in waiting:  # it grows meanwhile
        if form in seen:
            continue
        seen.add(form)
        yield form
        if depth < DEPTH:
            waiting += [(each, depth + 1) for each in _decoded(form)]


def _decoded(text: str) -> Iterator[str]:
    yield _unescaped(text)
    yield _TAG.sub("", text)
    lists = [re.findall(r"\d+", found) for found in _NUMBERS.findall(text)]
    # One by one, or each with its place before it.
    for start, step in ((0, 1), (0, 2), (1, 2)):
        yield _joined(bytes(int(n) % 256 for n in numbers[start::step]) for numbers in lists)
    # Where a run begins is not known, since words before it may look like a part of it.
    runs = _BASE64_RUN.findall(text.translate(_URL_SAFE))
    for start in range(4):
        yield _joined(base64.b64decode(_whole(run[start:], 4)) for run in runs)
    runs = [_BETWEEN.sub("", run) for run in _HEX_RUN.findall(text)]
    for start in range(2):
        yield _joined(bytes.fromhex(_whole(run[start:], 2)) for run in runs)


def _visible(text: str) -> str:
    """Full-width letters and the like are those that they stand for."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKD", text))


def _letters(text: str) -> str:
    return _NEITHER.sub("", text)


def _unescaped(text: str) -> str:
    """Without the escapes of URLs, HTML, JSON and mail, also where one is inside another."""
    before = ""
    while text != before:  # it ends, since each escape is longer than what it stands for
        before = text
        text = _visible(html.unescape(_ESCAPE.sub(_character, text)))
    return text


def _character(escape: re.Match[str]) -> str:
    *codes, packed, octal, space, itself = escape.groups()
    if space or itself:
        return itself or ""
    if packed:
        return _text(bytes.fromhex("".join(_BYTE.findall(packed))))
    code = int(octal, 8) if octal else int(next(filter(None, codes)), 16)
    return chr(min(code, sys.maxunicode))


def _whole(run: str, group: int) -> str:
    return run[: len(run) // group * group]


def _joined(pieces: Iterable[bytes]) -> str:
    return _visible(_text(b"\n".join(pieces)))


def _text(text: bytes) -> str:
    return text.decode("utf-8", "ignore")
