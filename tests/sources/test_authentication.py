"""Digest and OAuth 2.0 against a server that verifies them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import ConfiguredAccount, Fetch, WarehouseState
from sources.client.oauth import Token
from tests.sources.fetching import AT_ONCE, NOW, TOKEN, account, fetched
from tests.sources.scripted import Request, Scripted, document, response

CHALLENGE = 'Digest realm="r", nonce="n{}", qop="auth", algorithm=MD5, stale={}'
SERVICE_ACCOUNT = {"org_id": "acme", "client_id": "client", "client_secret": TOKEN}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(World(seed=7, now="2026-03-17T12:00:00Z", months=8)) as sandbox:
        yield sandbox


def mongodb(sandbox: Sandbox, profile: str) -> ConfiguredAccount:
    accounts = sandbox.world.accounts("mongodb")
    settings = next(dict(each.settings) for each in accounts if profile in each.name)
    return account("mongodb", f"{sandbox.url}/mongodb", settings)


class TestDigest:
    @pytest.mark.parametrize("profile", ["digest-v2", "digest-v1"])  # MD5, SHA-256
    def test_one_challenge_serves_requests_side_by_side(
        self, sandbox: Sandbox, profile: str
    ) -> None:
        result = fetched(mongodb(sandbox, profile))
        details = len(result.rows["mongodb", "invoice_details"])
        assert result.results[0].outcome == "ok"
        assert details > 5
        assert result.results[0].requests == details + 2  # the list, and its challenge

    def test_a_nonce_that_expires_on_the_way_is_renewed(self, server: Scripted) -> None:
        used: list[str] = []

        def answer(request: Request) -> bytes:
            signed = request.headers.get("authorization", "")
            nonce = "n2" if 'nonce="n2"' in signed else "n1"
            if not signed:
                return response("", "401 No", WWW_Authenticate=CHALLENGE.format(1, "false"))
            if nonce == "n1" and used:
                return response("", "401 No", WWW_Authenticate=CHALLENGE.format(2, "false"))
            used.append(signed)
            if request.path.endswith("/invoices"):
                return document({"results": [{"id": str(number)} for number in range(20)]})
            return document({"id": request.path.rpartition("/")[2]})

        server.answer = answer
        result = fetched(account("mongodb", server.url))
        assert result.results[0].outcome == "ok"
        counts = [signed.partition("nc=")[2][:8] for signed in used[1:]]
        assert len(set(counts)) == len(counts) == 20

    def test_a_wrong_key_is_not_tried_for_ever(self, server: Scripted) -> None:
        server.in_turn(response("", "401 No", WWW_Authenticate=CHALLENGE.format(1, "false")))
        assert "answered 401" in fetched(account("mongodb", server.url)).error
        assert len(server.requests) == 2

    @pytest.mark.parametrize(
        ("challenge", "reason"),
        [
            ("Digest realm=r", "it states no realm or no nonce"),
            ("Digest nonsense", "it states no realm or no nonce"),
            (
                'Digest realm="r", nonce="n", algorithm=NEW',
                "it asks for the algorithm NEW, which isn't known here",
            ),
            (
                'Digest realm="r", nonce="n", qop="auth-int"',
                "it asks for the quality auth-int, and what can be signed here is auth alone",
            ),
            (f'Digest realm="r", nonce="n", algorithm={TOKEN[:12]}', "[removed"),
        ],
    )
    def test_a_challenge_that_cannot_be_answered(
        self, server: Scripted, challenge: str, reason: str
    ) -> None:
        server.in_turn(response("", "401 No", WWW_Authenticate=challenge))
        error = fetched(account("mongodb", server.url)).error
        assert reason in error
        assert "GET /api/atlas/v2/orgs/acme/invoices: " in error
        assert "service account (client_id and client_secret)" in error
        assert TOKEN[:12] not in error
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "headers",
        [
            'WWW-Authenticate: Basic realm="b", Digest realm="r", nonce="n", qop="auth"',
            'WWW-Authenticate: Digest\trealm="r",\tnonce="n",\tqop="auth"',
            'WWW-Authenticate: Basic realm="b"\r\nWWW-Authenticate: Digest realm=r, nonce="n"',
            'WWW-Authenticate: Digest realm="r", nonce="x", algorithm=SHA-512-256, qop="auth"\r\n'
            'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"',
            'WWW-Authenticate: Digest realm="r", nonce="x", qop="auth-int", '
            'Digest Realm="r", Nonce="n", QOP="auth-int ,auth", algorithm="md5"',
            'WWW-Authenticate: DIGEST nonce=n,realm=r,qop=""',
            'WWW-Authenticate: Digest realm="say \\"r\\"", nonce="n", qop="auth"',
        ],
    )
    def test_a_challenge_in_a_form_that_servers_use(self, server: Scripted, headers: str) -> None:
        def answer(request: Request) -> bytes:
            signed = request.headers.get("authorization", "")
            if not signed:
                return f"HTTP/1.1 401 No\r\n{headers}\r\nContent-Length: 0\r\n\r\n".encode()
            assert _is_signed(signed, request)
            return document({"results": []})

        server.answer = answer
        assert fetched(account("mongodb", server.url)).results[0].outcome == "ok"


class TestClientCredentials:
    def test_one_token_serves_all(self, sandbox: Sandbox) -> None:
        result = fetched(mongodb(sandbox, "service-account"))
        assert result.results[0].outcome == "ok"
        assert sandbox.requests["POST /mongodb/api/oauth/token"] == 1

    def test_an_expired_token_is_renewed_in_the_middle(self, server: Scripted) -> None:
        tokens: list[str] = []

        def answer(request: Request) -> bytes:
            if request.path == "/api/oauth/token":
                basic = base64.b64encode(f"client:{TOKEN}".encode()).decode()
                assert request.headers["authorization"] == f"Basic {basic}"
                tokens.append(f"token-{len(tokens) + 1}")
                return document({"access_token": tokens[-1], "expires_in": 3600})
            if request.path.endswith("/invoices"):
                return document({"results": [{"id": str(number)} for number in range(20)]})
            if request.headers["authorization"] != "Bearer token-2":
                return response("{}", "401 Unauthorized")
            return document({"id": request.path.rpartition("/")[2]})

        server.answer = answer
        assert fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).results[0].outcome == "ok"
        assert tokens == ["token-1", "token-2"]

    def test_a_token_that_is_refused_is_not_asked_for_ever(self, server: Scripted) -> None:
        def answer(request: Request) -> bytes:
            if request.path == "/api/oauth/token":
                return document({"access_token": "secret-access-token", "expires_in": 3600})
            return response(request.headers["authorization"], "401 Unauthorized", "text/plain")

        server.answer = answer
        error = fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).error
        assert "answered 401 Unauthorized: «Bearer [removed]»" in error
        assert len(server.requests) == 4

    def test_the_token_s_server_may_be_busy(self, server: Scripted) -> None:
        busy = response("{}", "503 Busy")
        token = document({"access_token": "t"})
        server.in_turn(busy, busy, token, document({"results": []}))
        assert fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).results[0].outcome == "ok"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [],
            None,
            "very-secret",
            {"token": "very-secret"},
            {"error": "invalid_client"},
            {"access_token": ""},
            {"access_token": None},
            {"access_token": 42},
            {"access_token": "very secret"},
            {"access_token": "very-secret\n"},
            {"access_token": "véry-secret"},
            {"access_token": ["very-secret"]},
            {"access_token": "very-secret", "token_type": "mac"},
            {"access_token": "very-secret", "token_type": "Bearer mac"},
            {"access_token": "very-secret", "expires_in": -1},
            {"access_token": "very-secret", "expires_in": "soon"},
            {"access_token": "very-secret", "expires_in": True},
            {"access_token": "very-secret", "expires_in": {}},
        ],
    )
    def test_a_200_of_another_shape_is_no_token(self, server: Scripted, body: object) -> None:
        server.in_turn(document(body), document({"results": []}))
        error = fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).error
        problem = "answered 200, but with no bearer token as RFC 6749 describes it"
        assert f"POST /api/oauth/token: {problem}" in error
        assert "secret" not in error
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "status", ["201 Created", "202 Accepted", "204 No Content", "206 Part"]
    )
    def test_no_other_success_brings_a_token(self, server: Scripted, status: str) -> None:
        body = "" if status.startswith("204") else '{"access_token":"t"}'
        server.in_turn(response(body, status), document({"results": []}))
        error = fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).error
        assert f"POST /api/oauth/token: answered {status[:3]}, where 200 brings a token" in error
        assert len(server.requests) == 1

    def test_a_page_instead_of_a_token_may_pass(self, server: Scripted) -> None:
        page = response("<html>one moment</html>", content_type="text/html")
        server.in_turn(page, document({"access_token": "t"}), document({"results": []}))
        assert fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).results[0].outcome == "ok"

    @pytest.mark.parametrize(
        "answered",
        [response("<html></html>"), response(""), response("{}", "503 Busy"), b"", b"HTTP/1.1 2"],
    )
    def test_what_fails_is_called_by_its_name(self, server: Scripted, answered: bytes) -> None:
        server.in_turn(answered)
        error = fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).error
        assert error.startswith("all: POST /api/oauth/token: ")
        assert "(5 attempts)" in error
        assert {request.method for request in server.requests} == {"POST"}

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"token_type": "bearer", "expires_in": None},
            {"token_type": "BEARER", "expires_in": "3600"},
            {"token_type": None, "expires_in": 3600.5, "scope": "x"},
            {"expires_in": 0},
            {"expires_in": 2147483647, "token_type": "Bearer "},
            {"expires_in": 1e300, "token_type": ""},
            {"expires_in": "9" * 400},
            {"expires_in": " 3600 "},
            {"expires_in": ""},
        ],
    )
    def test_every_lawful_form_of_a_token(self, server: Scripted, more: dict[str, object]) -> None:
        server.in_turn(document({"access_token": "t", **more}), document({"results": []}))
        assert fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).results[0].outcome == "ok"
        assert server.requests[-1].headers["authorization"] == "Bearer t"

    @pytest.mark.parametrize(
        ("expires_in", "seconds"),
        [(None, 3540.0), (3600, 3540.0), ("3600 ", 3540.0), ("", 3540.0), (30, 15.0), (0, 1.0)],
    )
    def test_a_token_is_used_for_less_than_it_lives(
        self, expires_in: float | str | None, seconds: float
    ) -> None:
        assert Token("t", expires_in=expires_in).lifetime == seconds


def _is_signed(header: str, request: Request) -> bool:
    """As a server verifies it, which looks the fields up by their names."""
    fields = parse_keqv_list(parse_http_list(header.removeprefix("Digest ")))
    assert fields["nonce"] == "n"
    assert fields["realm"] in ("r", 'say "r"')
    algorithm = hashlib.sha256 if fields["algorithm"].upper() == "SHA-256" else hashlib.md5

    def hashed(*texts: str) -> str:
        return algorithm(":".join(texts).encode()).hexdigest()

    who = hashed("public", fields["realm"], TOKEN)
    what = hashed(request.method, request.target)
    middle = [fields[name] for name in ("nc", "cnonce", "qop")] if "qop" in fields else []
    return fields["response"] == hashed(who, "n", *middle, what)


@pytest.mark.parametrize(
    ("vendor", "keys", "header"),
    [
        ("turso", {}, f"Bearer {TOKEN}"),
        ("versori", {}, f"Bearer {TOKEN}"),
        (
            "versori",
            {"organisation_id": "a", "api_key": "signed", "auth_scheme": "JWT"},
            "JWT signed",
        ),
        ("northflank", {}, f"Bearer {TOKEN}"),
        ("planetscale", {}, f"id:{TOKEN}"),
        ("planetscale", {"organization": "a", "oauth_token": "o"}, "Bearer o"),
    ],
)
def test_the_header_of_each_scheme(
    server: Scripted, vendor: str, keys: dict[str, str], header: str
) -> None:
    server.in_turn(document({}))
    fetched(account(vendor, server.url, keys))
    assert {request.headers["authorization"] for request in server.requests} == {header}


def test_nothing_that_prints_shows_a_secret(server: Scripted) -> None:
    server.in_turn(response(json.dumps({"echo": TOKEN}), "401 Unauthorized"))
    chosen = account("turso", server.url)
    with Fetch([chosen], WarehouseState(), now=NOW, retry=AT_ONCE) as fetch:
        list(fetch.tables("turso", "invoices"))
    assert TOKEN not in repr(chosen) + repr(fetch.results()) + repr(vars(fetch))
