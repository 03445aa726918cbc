"""Whether a text gives a secret away, in whatever spelling a server may have put it.

The text is decoded in every way that we know of, again and again, and each form is searched for
parts of the secrets. Only visible ASCII counts, since secrets consist of nothing else: what UTF-16
puts between the characters, and white space, fall away.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator

# A part that is shorter tells nothing, and would be found in innocent text.
PART = 8
# Escaped base64 of escaped text is as far as servers go, and one more.
DEPTH = 4

_INVISIBLE = re.compile(r"[^!-~]+")
_TAG = re.compile(r"<[^<>]*>")
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(
    rf"\\U({_HEX}{{8}})|\\[uU]\{{({_HEX}{{1,6}})\}}|(?:%|\\)[uU]({_HEX}{{4}})|"
    rf"(?:[%=]|\\[xX])({_HEX}{{2}})|\\([0-7]{{3}})|\\([nrtfb])|\\(.)"
)
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/]{12,}")
_HEX_RUN = re.compile(rf"{_HEX}{{{2 * PART},}}")
_URL_SAFE = str.maketrans("-_", "+/")


def echoes(text: str, secrets: Iterable[str], *, whole: bool = False) -> bool:
    """Whether any decoded form of the text holds a secret, or eight characters of one in a row:
    only a `whole` one counts where the text is mostly ours and not cut."""
    parts: dict[int, set[str]] = {}
    for secret in secrets:
        for spelling in (_visible(secret), _unescaped(secret)):
            size = len(spelling) if whole else _part_size(len(spelling))
            parts.setdefault(size, set()).update(_windows(spelling.lower(), size))
    return any(
        not found.isdisjoint(_windows(form.lower(), size))
        for form in _forms(text)
        for size, found in parts.items()
    )


def _part_size(length: int) -> int:
    """More than half of a short secret."""
    return min(PART, max(PART // 2, length // 2 + 1), length)


def _windows(text: str, size: int) -> Iterator[str]:
    return (
        (text[start : start + size] for start in range(len(text) - size + 1)) if size else iter("")
    )


def _forms(text: str) -> Iterator[str]:
    waiting = [(_visible(text), 0)]
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
    # Where a run begins is not known, since words before it may look like a part of it.
    runs = _BASE64_RUN.findall(text.translate(_URL_SAFE))
    for start in range(4):
        yield _joined(base64.b64decode(_whole(run[start:], 4)) for run in runs)
    runs = _HEX_RUN.findall(text)
    for start in range(2):
        yield _joined(bytes.fromhex(_whole(run[start:], 2)) for run in runs)


def _visible(text: str) -> str:
    return _INVISIBLE.sub("", text)


def _unescaped(text: str) -> str:
    """Without the escapes of URLs, HTML, JSON and mail, also where one is inside another."""
    before = ""
    while text != before:  # it ends, since each escape is longer than what it stands for
        before = text
        text = _visible(html.unescape(_ESCAPE.sub(_character, text)))
    return text


def _character(escape: re.Match[str]) -> str:
    *codes, octal, space, itself = escape.groups()
    if space or itself:
        return itself or ""
    code = int(octal, 8) if octal else int(next(filter(None, codes)), 16)
    return chr(min(code, 127))


def _whole(run: str, group: int) -> str:
    return run[: len(run) // group * group]


def _joined(pieces: Iterable[bytes]) -> str:
    return _visible(b"\n".join(pieces).decode("latin-1"))
