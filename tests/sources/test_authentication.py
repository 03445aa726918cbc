"""Digest and OAuth 2.0 against a server that verifies them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import ConfiguredAccount, Fetch, Known
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
            return document({})

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
        "challenge",
        ["Digest realm=r", "Digest nonsense", 'Digest realm="r", nonce="n", algorithm=NEW'],
    )
    def test_a_challenge_that_is_not_understood(self, server: Scripted, challenge: str) -> None:
        server.in_turn(response("", "401 No", WWW_Authenticate=challenge))
        error = fetched(account("mongodb", server.url)).error
        assert "no whole answer" in error
        assert "internal error" not in error


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
            return document({})

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

    def test_an_answer_without_a_token(self, server: Scripted) -> None:
        server.in_turn(document({"token": "secret"}))
        error = fetched(account("mongodb", server.url, SERVICE_ACCOUNT)).error
        assert "no whole answer" in error
        assert "secret" not in error


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
    with Fetch([chosen], Known(), now=NOW, retry=AT_ONCE) as fetch:
        list(fetch.tables("turso", "invoices"))
    assert TOKEN not in repr(chosen) + repr(fetch.results()) + repr(vars(fetch))
