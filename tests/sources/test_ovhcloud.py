"""OVHcloud's answers, of which several make one document; its signatures over the server's time."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest

from sources import ConfigurationError, WarehouseState
from sources.accounts.configuration import read_accounts
from sources.accounts.values import GivenValues
from sources.ovhcloud import OVHCLOUD
from tests.sources.fetching import TOKEN, Fetched, account, fetched
from tests.sources.scripted import Request, Scripted, document, response

WHO = ("ovhcloud", "main")
SIGNED = {"application_key": "application", "application_secret": TOKEN, "consumer_key": "consumer"}
ABSENT = response('{"message": "The requested object (billId) does not exist"}', "404 Not Found")
# As it is kept, and as it comes.
BILL = '{"billId":"a","priceWithTax":{"value": 1.50}}'
SECRETS = {"password": "open sesame", "url": "https://ovh/1", "pdfUrl": "https://ovh/2"}
ENTRIES = {
    "/me/bill/a/details": document(["2", "1"]),
    "/me/bill/a/details/1": response('{"billDetailId": "1"}'),
    "/me/bill/a/details/2": response('{"billDetailId": "2" }'),
}
OWED = response('{"status": "TO_BE_PAID"}')
PAYMENT = '{"paymentDate": "2026-03-01T00:00:00+01:00"}'
KEPT = f'"bill":{BILL},"details":[{{"billDetailId": "1"}},{{"billDetailId": "2" }}]'


def serve(server: Scripted, answers: dict[str, bytes] | None = None) -> None:
    """One bill with two entries and a debt, and no refund; `answers` by path, in place of those."""
    bill = json.dumps({"billId": "a", **SECRETS})[:-1] + ', "priceWithTax": {"value": 1.50}}'
    given = {
        "/auth/oauth2/token": document({"access_token": "token"}),
        "/me/bill": document(["a"]),
        "/me/bill/a": response(bill),
        "/me/bill/a/debt": OWED,
        "/me/refund": document([]),
        **ENTRIES,
        **(answers or {}),
    }
    server.requests.clear()
    server.answer = lambda request: given.get(request.path, ABSENT)


def read(server: Scripted, held: dict[str, str] | None = None, **more: Any) -> Fetched:
    documents = {key: text.encode() for key, text in (held or {}).items()}
    known = WarehouseState(known_documents={WHO: documents})
    return fetched(account("ovhcloud", server.url), known=known, **more)


def kept(result: Fetched) -> dict[str, str]:
    rows = result.rows["ovhcloud", "invoices"]
    return {row["document_key"]: row["document"] for row in rows if row["document_key"]}


def asked(server: Scripted) -> list[str]:
    ours = ("/auth", "/me/refund")
    return sorted(each.path for each in server.requests if not each.path.startswith(ours))


def test_a_bill_is_one_document_without_its_secrets(server: Scripted) -> None:
    serve(server)
    result = read(server)
    assert result.results[0].error is None
    assert kept(result) == {"a": f'{{{KEPT},"debt":{{"status": "TO_BE_PAID"}},"payment":null}}'}


def test_of_what_is_held_only_the_debt_and_the_payment_are_asked_for(server: Scripted) -> None:
    serve(server)
    first = kept(read(server))
    states = {"/me/bill/a/debt": response('{"status": "PAID"}')}
    serve(server, states | {"/me/bill/a/payment": response(PAYMENT)})
    second = kept(read(server, first))
    assert asked(server) == ["/me/bill", "/me/bill/a/debt", "/me/bill/a/payment"]
    assert second == {"a": f'{{{KEPT},"debt":{{"status": "PAID"}},"payment":{PAYMENT}}}'}

    serve(server, {"/me/bill/a/debt": OWED})
    assert kept(read(server, second)) == second
    assert asked(server) == ["/me/bill"]
    assert kept(read(server, second, full_refresh=True)) == first


@pytest.mark.parametrize(
    ("states", "requests"),
    [
        ('"debt":{"status":"PAID"},"payment":null', 0),
        (f'"debt":null,"payment":{PAYMENT}', 0),
        ('"debt":null,"payment":null', 2),
        (f'"debt":{{"status":"REFUNDED"}},"payment":{PAYMENT}', 2),
        (f'"debt":{{"status":"UNPAID"}},"payment":{PAYMENT}', 2),
    ],
)
def test_what_is_settled_is_asked_for_no_more(server: Scripted, states: str, requests: int) -> None:
    serve(server)
    read(server, {"a": f"{{{KEPT},{states}}}"})
    assert len(asked(server)) == 1 + requests


def test_a_refund_is_another_document_even_under_a_bills_id(server: Scripted) -> None:
    refund = '{"refundId":"a","originalBillId":"a"}'
    answers = {
        "/me/refund": document(["a"]),
        "/me/refund/a": response(refund),
        "/me/refund/a/details": document(["1"]),
        "/me/refund/a/details/1": response('{"refundDetailId": "1"}'),
    }
    serve(server, answers)
    found = kept(read(server))
    assert found.keys() == {"a", "refund:a"}
    entries = '"details":[{"refundDetailId": "1"}]'
    assert found["refund:a"] == f'{{"refund":{refund},{entries},"payment":null}}'


def test_without_details_a_bill_has_none_and_gets_them_later(server: Scripted) -> None:
    serve(server)
    configured = account("ovhcloud", server.url)
    bare = msgspec.structs.replace(configured.settings, details=False)
    object.__setattr__(configured, "settings", bare)
    first = kept(fetched(configured))
    assert '"details":null' in first["a"]
    assert not any("details" in path for path in asked(server))
    server.requests.clear()
    assert KEPT in kept(read(server, first))["a"]
    assert "/me/bill/a" not in asked(server)


def several(server: Scripted, spoilt: dict[str, bytes], count: int = 3) -> None:
    names = [f"b{number}" for number in range(count)]
    answers = {"/me/bill": document(names)}
    for name in names:
        answers |= {
            f"/me/bill/{name}": document({"billId": name}),
            f"/me/bill/{name}/details": document([]),
            f"/me/bill/{name}/debt": response('{"status": "PAID"}'),
        }
    serve(server, answers | spoilt)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"/me/bill/b1": ABSENT},
        {"/me/bill/b1": response('{"billId": "b2"}')},
        {"/me/bill/b1": response('{"message": "down"}')},
        {"/me/bill/b1/details": response('{"message": "down"}')},
        {"/me/bill/b1/details": document(["1"])},
        {
            "/me/bill/b1/details": document(["1"]),
            "/me/bill/b1/details/1": response('{"billDetailId": "2"}'),
        },
        {"/me/bill/b1/debt": response("no such page", "404 Not Found", "text/plain")},
        {"/me/bill/b1/debt": response("{}", "403 Forbidden")},
        {"/me/bill/b1/debt": response('{"message": "down"}')},
        {"/me/bill/b1/payment": response("[]")},
    ],
    ids=str,
)
def test_what_fails_of_a_bill_is_told_and_leaves_the_others(
    server: Scripted, spoilt: dict[str, bytes]
) -> None:
    several(server, spoilt)
    result = read(server)
    assert result.error.startswith("b1: GET /me/bill/b1")
    assert kept(result).keys() == {"b0", "b2"}
    held = {"b1": '{"bill":{"billId":"b1"},"details":null,"debt":{"status":"UNPAID"}}'}
    result = read(server, held)
    if "/me/bill/b1" not in spoilt:  # which isn't asked for again
        assert result.error.startswith("b1: GET /me/bill/b1")
        assert kept(result)["b1"] == held["b1"]
    assert kept(result).keys() == {"b0", "b1", "b2"}


@pytest.mark.parametrize(("count", "is_whole"), [(2, True), (3, False)])
def test_a_vendor_that_is_down_is_not_asked_for_each_bill(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, count: int, is_whole: bool
) -> None:
    monkeypatch.setattr("sources.ovhcloud.FAILURES_IN_A_ROW", 3)
    down = {f"/me/bill/b{number}/debt": response("{}", "403 Forbidden") for number in range(count)}
    several(server, down, 9)
    result = read(server)
    assert "answered 403" in result.error
    assert len(kept(result)) == (9 - count if is_whole else 0)
    assert ("/me/bill/b8" in asked(server)) == is_whole


def test_a_list_that_is_none_closes_nothing(server: Scripted) -> None:
    serve(server, {"/me/bill": response('{"message": "down"}')})
    result = read(server, {"a": "{}"})
    assert "bills: GET /me/bill: the JSON has another shape" in result.error
    assert {row["listing"] for row in result.rows["ovhcloud", "invoices"]} == {"refunds"}


class TestSignature:
    def test_each_request_is_signed_by_the_servers_time(self, server: Scripted) -> None:
        serve(server, {"/auth/time": response("1111111111")})
        result = fetched(account("ovhcloud", server.url, SIGNED))
        assert result.results[0].error is None
        times = [each for each in server.requests if each.path == "/auth/time"]
        assert len(times) == 1
        assert not any(name.startswith(("x-ovh", "auth")) for name in times[0].headers)
        for request in server.requests[1:]:
            stated = request.headers["x-ovh-timestamp"]
            assert 0 <= int(stated) - 1111111111 < 60
            said = f"{TOKEN}+consumer+GET+{server.url}{request.target}++{stated}"
            digest = hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()
            assert request.headers["x-ovh-signature"] == f"$1${digest}"
            assert request.headers["x-ovh-application"] == "application"
            assert request.headers["x-ovh-consumer"] == "consumer"

    @pytest.mark.parametrize(
        ("time", "said"),
        [
            (response('"noon"'), "answered no Unix time"),
            (response("<html>"), "answered no JSON, where the server's time was asked for"),
            (response("{}", "500 Broken"), "answered 500"),
            # What says that a bill has no debt says nothing of the time.
            (ABSENT, "answered 404 Not Found"),
        ],
    )
    def test_a_time_that_nobody_tells(self, server: Scripted, time: bytes, said: str) -> None:
        serve(server, {"/auth/time": time})
        error = fetched(account("ovhcloud", server.url, SIGNED)).error
        assert f"GET /auth/time: {said}" in error
        assert {each.path for each in server.requests} == {"/auth/time"}

    def test_an_echoed_signature(self, server: Scripted) -> None:
        def answer(request: Request) -> bytes:
            if request.path == "/auth/time":
                return response("1111111111")
            echo = " ".join(request.headers[f"x-ovh-{name}"] for name in ("consumer", "signature"))
            return response(f"refused {echo}", "403 Forbidden", "text/plain")

        server.answer = answer
        error = fetched(account("ovhcloud", server.url, SIGNED)).error
        assert "answered 403 Forbidden: «refused [removed] $1$[removed]»" in error


def test_a_service_account_says_what_its_token_is_for(server: Scripted) -> None:
    serve(server)
    assert read(server).results[0].error is None
    [token] = [each for each in server.requests if each.method == "POST"]
    assert (token.path, token.headers["authorization"][:6]) == ("/auth/oauth2/token", "Basic ")


def configured(**account: object) -> Any:
    given = {"sources": {"ovhcloud": {"accounts": [account]}}}
    [read] = read_accounts([OVHCLOUD], GivenValues(given))
    return read


@pytest.mark.parametrize(
    ("region", "api", "tokens"),
    [
        ("eu", "https://eu.api.ovh.com/v1", "https://www.ovh.com/auth/oauth2/token"),
        ("ca", "https://ca.api.ovh.com/v1", "https://ca.ovh.com/auth/oauth2/token"),
        ("us", "https://api.us.ovhcloud.com/v1", "https://us.ovhcloud.com/auth/oauth2/token"),
    ],
)
def test_each_region_has_its_hosts(region: str, api: str, tokens: str) -> None:
    service = configured(region=region, client_id="client", client_secret="secret")
    assert service.base_url == api
    assert service.caller().authentication._token_url == tokens
    assert configured(region=region, **SIGNED).caller().authentication._time_url == (
        f"{api}/auth/time"
    )


def test_a_base_url_goes_before_a_region() -> None:
    entry = {"region": "ca", "client_id": "client", "client_secret": "secret"}
    settings = {"base_url": "https://gateway.example/ovh", "accounts": [entry]}
    [read] = read_accounts([OVHCLOUD], GivenValues({"sources": {"ovhcloud": settings}}))
    assert read.base_url == "https://gateway.example/ovh"
    token_url = read.caller().authentication._token_url  # type: ignore[attr-defined]
    assert token_url == "https://gateway.example/ovh/auth/oauth2/token"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "it has no credential"),
        ({**SIGNED, "client_id": "c", "client_secret": "s"}, "it has two kinds of credential"),
        ({**SIGNED, "client_id": "c"}, "it has two kinds of credential"),
        ({"application_key": "a", "application_secret": "s"}, "`consumer_key` is missing"),
        ({"client_id": "c"}, "`client_secret` is missing"),
        ({**SIGNED, "region": "uk"}, '`region` must be one of "eu", "ca", "us"'),
    ],
)
def test_credentials_that_are_mixed_or_halved(keys: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match="ovhcloud, account 1") as refused:
        configured(**keys)
    assert said in str(refused.value)
