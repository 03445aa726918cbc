from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.model import Account
from sandbox.server import Sandbox

ACCEPT = {"Accept": "application/vnd.atlas.2023-01-01+json"}


def path(account: Account) -> str:
    return f"/mongodb/api/{account.settings['api']}/orgs/{account.identity}/invoices"


def signed(auth: httpx.DigestAuth, request: httpx.Request) -> httpx.Request:
    """The request with the next `Authorization` of an auth that has met its challenge."""
    flow: Generator[httpx.Request, httpx.Response, None] = auth.auth_flow(request)
    signed_request = next(flow)
    flow.close()
    return signed_request


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.world.accounts("mongodb")[0]


@pytest.fixture
def auth(account: Account, client: httpx.Client) -> httpx.DigestAuth:
    """Digest authentication that has been accepted once."""
    auth = httpx.DigestAuth(account.settings["public_key"], account.settings["private_key"])
    assert client.get(path(account), auth=auth, headers=ACCEPT).status_code == 200
    return auth


def test_a_challenge_is_answered_once_and_its_nonce_reused(
    sandbox: Sandbox, client: httpx.Client, account: Account, auth: httpx.DigestAuth
) -> None:
    sandbox.reset_requests()
    for _ in range(3):
        assert client.get(path(account), auth=auth, headers=ACCEPT).status_code == 200
    assert sum(sandbox.requests.values()) == 3


@pytest.mark.parametrize(("number", "algorithm"), [(0, "MD5"), (2, "SHA-256"), (3, "MD5")])
def test_algorithms(sandbox: Sandbox, client: httpx.Client, number: int, algorithm: str) -> None:
    account = sandbox.world.accounts("mongodb")[number]
    challenge = client.get(path(account)).headers["www-authenticate"]
    assert f"algorithm={algorithm}," in challenge
    assert 'qop="auth"' in challenge
    assert "stale=false" in challenge
    settings = account.settings
    auth = httpx.DigestAuth(settings["public_key"], settings["private_key"])
    assert client.get(path(account), auth=auth, headers=ACCEPT).status_code == 200


def test_a_replay_is_refused(
    client: httpx.Client, account: Account, auth: httpx.DigestAuth
) -> None:
    request = signed(auth, client.build_request("GET", path(account), headers=ACCEPT))
    assert client.send(request).status_code == 200
    replayed = client.send(request)
    assert replayed.status_code == 401
    assert "stale=true" in replayed.headers["www-authenticate"]


def test_requests_may_overtake_each_other(
    client: httpx.Client, account: Account, auth: httpx.DigestAuth
) -> None:
    requests = [
        signed(auth, client.build_request("GET", path(account), headers=ACCEPT)) for _ in range(8)
    ]
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(client.send, reversed(requests)))
    assert {response.status_code for response in responses} == {200}


def test_a_signature_holds_for_its_own_target_and_method_only(
    client: httpx.Client, account: Account, auth: httpx.DigestAuth
) -> None:
    request = signed(auth, client.build_request("GET", path(account), headers=ACCEPT))
    headers = {**ACCEPT, "Authorization": request.headers["authorization"]}
    moved = client.get(f"{path(account)}?pageNum=2", headers=headers)
    assert moved.status_code == 401
    assert client.get(urlsplit(str(request.url)).path, headers=headers).status_code == 200


def test_an_old_nonce_is_stale(
    sandbox: Sandbox, client: httpx.Client, account: Account, auth: httpx.DigestAuth
) -> None:
    sandbox.world.now = sandbox.world.now.add(minutes=6)
    request = signed(auth, client.build_request("GET", path(account), headers=ACCEPT))
    response = client.send(request)
    assert response.status_code == 401
    assert "stale=true" in response.headers["www-authenticate"]
    # An honest client goes on with the new nonce.
    assert client.get(path(account), auth=auth, headers=ACCEPT).status_code == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [("nc=0000", "nc=1000"), ("qop=auth", "qop=auth-int"), ('cnonce="', 'cnonce="0')],
)
def test_tampering_is_refused(
    client: httpx.Client, account: Account, auth: httpx.DigestAuth, old: str, new: str
) -> None:
    request = signed(auth, client.build_request("GET", path(account), headers=ACCEPT))
    value = request.headers["authorization"]
    assert old in value
    headers = {**ACCEPT, "Authorization": value.replace(old, new)}
    assert client.get(path(account), headers=headers).status_code == 401


@pytest.mark.parametrize("value", ["Digest", "Digest nonsense", "Digest username=x", "Basic eDp5"])
def test_malformed_credentials(client: httpx.Client, account: Account, value: str) -> None:
    headers = {**ACCEPT, "Authorization": value}
    assert client.get(path(account), headers=headers).status_code == 401


def test_wrong_password(client: httpx.Client, account: Account) -> None:
    auth = httpx.DigestAuth(account.settings["public_key"], "sandbox-wrong")
    response = client.get(path(account), auth=auth, headers=ACCEPT)
    assert response.status_code == 401
    assert response.json()["errorCode"] == "UNAUTHORIZED"
