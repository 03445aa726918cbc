"""Whatever a server makes of a credential that it echoes, no error shows it, nor a part of it."""

from __future__ import annotations

import base64
import html
import json
import re
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sources.client.redaction import LONGEST_TEXT, NOT_SHOWN, REMOVED, Redactor
from sources.client.responses import EXCERPT_BYTES
from tests.sources.fetching import TOKEN, account, fetched
from tests.sources.scripted import Request, Scripted, document, response

SECRET = "eyJhbGciOi.x7/Q+pL=3&k%41zZ_-0987654321"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "URL": quote,
    "URL, everything": lambda text: "".join(f"%{ord(each):02x}" for each in text),
    "URL, large letters": lambda text: "".join(f"%{ord(each):02X}" for each in text),
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#X{ord(each):x};" for each in text),
    "HTML, without semicolons": lambda text: "".join(f"&#{ord(each)} " for each in text),
    "JSON": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON, everything": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "bytes": lambda text: "".join(f"\\x{ord(each):02x}" for each in text),
    "octal": lambda text: "".join(f"\\{ord(each):03o}" for each in text),
    "in hex": lambda text: text.encode().hex(),
    "mail": lambda text: "".join(f"={ord(each):02X}" for each in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one further": lambda text: base64.b64encode(f"x{text}".encode()).decode(),
    "base64, two further": lambda text: base64.b64encode(f"xy{text}:".encode()).decode(),
    "base64, for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64, in lines": lambda text: "\n".join(base64.b64encode(text.encode()).decode()),
    "UTF-16": lambda text: text.encode("utf-16").decode("utf-8", "replace"),
    "UTF-16, large end first": lambda text: text.encode("utf-16-be").decode("utf-8", "replace"),
    "UTF-32": lambda text: text.encode("utf-32").decode("utf-8", "replace"),
    "spread": " ".join,
    "full-width": lambda text: "".join(chr(ord(each) + 0xFEE0) for each in text),
    "accented": "\u0301".join,
    "in lists": lambda text: json.dumps([text[at : at + 5] for at in range(0, len(text), 5)]),
    "in texts": lambda text: '" + "'.join(text[at : at + 7] for at in range(0, len(text), 7)),
    "in hex, with colons": lambda text: text.encode().hex(":"),
    "in hex, with dashes": lambda text: text.encode().hex("-").upper(),
    "in hex, with prefixes": lambda text: ", ".join(f"0x{ord(each):02x}" for each in text),
    "as numbers": lambda text: json.dumps({"type": "Buffer", "data": list(text.encode())}),
    "as numbers, spread": lambda text: " ".join(str(ord(each)) for each in text),
    "as numbered numbers": lambda text: json.dumps(dict(enumerate(text.encode()))),
    "in base64, in pieces": lambda text: json.dumps(
        re.findall(".{1,6}", base64.b64encode(text.encode()).decode())
    ),
    "marked up": "<wbr>".join,
    "large letters": str.upper,
    "the first half": lambda text: text[: len(text) // 2],
    "the last half": lambda text: text[len(text) // 2 :],
}
IN_PIECES = {"in lists", "in texts", "in base64, in pieces"}  # only letters and digits are found
PARTS = {"the first half", "the last half", "large letters"}
BEYOND_ASCII = {"full-width", "accented"}  # which not every other spelling can spell
WHOLE = SPELLINGS.keys() - PARTS - IN_PIECES - BEYOND_ASCII
CHARACTERS = string.ascii_letters + string.digits + string.punctuation


@given(
    secret=st.text(CHARACTERS, min_size=16, max_size=64),
    spellings=st.lists(st.sampled_from(sorted(WHOLE)), max_size=2),
    before=st.text(max_size=20),
)
@example(SECRET, ["as numbers, spread", "HTML, decimal"], "")
@example(SECRET, ["HTML", "URL"], "")
@example(SECRET, ["URL", "HTML"], "")
@example(SECRET, ["UTF-16", "base64"], "Bearer ")
@example(SECRET, ["full-width", "URL"], "")
@example(SECRET, ["accented", "base64"], "")
@example("&lt&#48;%41\\u0041", ["JSON", "HTML"], "")
def test_no_spelling_of_a_spelling_gets_through(
    secret: str, spellings: list[str], before: str
) -> None:
    redact = Redactor()
    redact.add(secret)
    text = secret
    # Numbers that only blanks part are one number, once another spelling has dropped the blanks.
    assume(spellings[:1] != ["as numbers, spread"] or spellings[1:] in ([], ["HTML, decimal"]))
    for spelling in spellings:
        text = SPELLINGS[spelling](text)
    shown = redact(f"{before} {text} is unknown")
    assert shown in (NOT_SHOWN, f"{before} {text} is unknown".replace(secret, REMOVED))
    assert text not in shown


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_seen(spelling: str) -> None:
    redact = Redactor()
    redact.add(SECRET)
    shown = redact(f"unknown token {SPELLINGS[spelling](SECRET)} sent")
    expected = "unknown token [removed] sent" if spelling == "as it is" else NOT_SHOWN
    assert shown == expected


def test_innocent_text_is_shown() -> None:
    redact = Redactor()
    redact.add(SECRET)
    page = "<html><title>Sign in</title> Ray ID: 8f2a0c9d1b3e4f50, 2026-03-17T12:00:00Z " * 20
    assert redact(page) == page[:LONGEST_TEXT]


@pytest.mark.parametrize("secret", ["invoices", "id", "paid-inv", "turso_1"])
def test_what_resembles_a_short_secret_is_shown(secret: str) -> None:
    redact = Redactor()
    redact.add(secret)
    page = '{"voices":[{"number":"LFONTK-1","status":"pai","turs":"1.00"}]}'
    assert redact(page) == page


def echoed(server: Scripted, body: bytes, status: str = "401 Unauthorized") -> str:
    server.in_turn(response(body, status, "text/plain"))
    return fetched(account("turso", server.url)).error


def test_an_echoed_secret_gives_way_to_a_word(server: Scripted) -> None:
    error = echoed(server, f"unknown token {TOKEN}".encode())
    assert "answered 401 Unauthorized: «unknown token [removed]»" in error
    assert "configure it as api_token" in error


@pytest.mark.parametrize("missing", range(1, len(TOKEN) - 8))
def test_no_part_of_a_secret_is_left_by_the_cut(server: Scripted, missing: int) -> None:
    blanks = b" " * (EXCERPT_BYTES - len(TOKEN) + missing)
    error = echoed(server, blanks + TOKEN.encode())
    assert f"«{NOT_SHOWN}»" in error


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_page_in_another_coding(server: Scripted, coding: str) -> None:
    assert f"«{NOT_SHOWN}»" in echoed(server, f"bad credential {TOKEN}".encode(coding))


def test_a_header_that_quotes_it(server: Scripted) -> None:
    server.in_turn(response("no", content_type=f"text/{quote(TOKEN, safe='')}"))
    error = fetched(account("turso", server.url)).error
    assert f"answered 200 OK, but no JSON: {NOT_SHOWN}, 2 bytes" in error


def test_a_redirect_that_quotes_it(server: Scripted) -> None:
    leak = TOKEN.encode().hex()
    server.in_turn(response("", "302 Found", Location=f"https://{leak}.example/"))
    error = fetched(account("turso", server.url)).error
    assert "a redirect to [removed" in error
    assert leak not in error


def test_an_echoed_basic_header(server: Scripted) -> None:
    def answer(request: Request) -> bytes:
        return response(f"bad {request.headers['authorization']}", "401 Unauthorized")

    server.answer = answer
    keys = {"org_id": "acme", "client_id": "client", "client_secret": TOKEN}
    error = fetched(account("mongodb", server.url, keys)).error
    assert f"all: POST /api/oauth/token: answered 401 Unauthorized: «{NOT_SHOWN}»" in error


def test_an_echoed_access_token(server: Scripted) -> None:
    def answer(request: Request) -> bytes:
        if request.method == "POST":
            return document({"access_token": "an-access-token-that-nobody-sees"})
        return response(
            base64.b64encode(request.headers["authorization"].encode()), "403 Forbidden"
        )

    server.answer = answer
    keys = {"org_id": "acme", "client_id": "client", "client_secret": TOKEN}
    error = fetched(account("mongodb", server.url, keys)).error
    assert f"answered 403 Forbidden: «{NOT_SHOWN}»" in error


def test_an_echoed_digest_signature(server: Scripted) -> None:
    signatures: list[str] = []

    def answer(request: Request) -> bytes:
        signed = request.headers.get("authorization", "")
        if not signed:
            challenge = 'Digest realm="r", nonce="n", qop="auth"'
            return response("", "401 No", WWW_Authenticate=challenge)
        signatures.append(signed.partition('response="')[2].partition('"')[0])
        return response(f"refused {signatures[-1]}", "403 Forbidden", "text/plain")

    server.answer = answer
    error = fetched(account("mongodb", server.url)).error
    assert "answered 403 Forbidden: «refused [removed]»" in error
    assert len(signatures[0]) == 32
