"""OVHcloud: `GET /me/bill` and `/me/refund`, and what each of their ids stands for, one by one.

https://api.ovh.com/console, Me. A list is of ids alone. A bill's document, its entries (ids again),
its debt, which has the status, and its payment are answers of their own: here they are one
document, in which each is as it came. A bill never changes once it is issued: what is held of one
is asked for once, and its debt and payment until they are settled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

import httpx
import msgspec

from sources.client.asked import NULL, is_of
from sources.client.client import Client
from sources.client.limits import REQUESTS_AT_ONCE
from sources.client.oauth import ClientCredentials
from sources.client.paging import Page
from sources.client.redaction import Redactor, Secret
from sources.client.responses import Nothing
from sources.client.signature import ServerTimeSignature
from sources.errors import NothingThereError, SourceError
from sources.keys import Key, id_key, is_object, scalar
from sources.vendor import (
    Account,
    Credential,
    HeaderText,
    Listing,
    Setup,
    Vendor,
    Window,
    credentials_given,
    path_segment,
)

T = TypeVar("T")
APIS = {
    "eu": "https://eu.api.ovh.com/v1",
    "ca": "https://ca.api.ovh.com/v1",
    "us": "https://api.us.ovhcloud.com/v1",
}
TOKEN_URLS = {
    APIS["eu"]: "https://www.ovh.com/auth/oauth2/token",
    APIS["ca"]: "https://ca.ovh.com/auth/oauth2/token",
    APIS["us"]: "https://us.ovhcloud.com/auth/oauth2/token",
}
# Its errors are JSON with a `message`; those of a gateway before it are not.
NONE = Nothing(404, '"message"')
# So many failures in a row mean that the vendor is down, not that a bill is odd.
FAILURES_IN_A_ROW = 20


class OvhcloudAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Either an application's keys with a consumer key, or a service account."""

    region: Literal["eu", "ca", "us"] = "eu"
    application_key: HeaderText | None = None
    application_secret: Secret | None = None
    consumer_key: Secret | None = None
    client_id: HeaderText | None = None
    client_secret: Secret | None = None

    def __post_init__(self) -> None:
        signed = ("application_key", "application_secret", "consumer_key")
        credentials_given(self, signed, ("client_id", "client_secret"))

    @property
    def base_url(self) -> str:
        return APIS[self.region]


@dataclass(frozen=True)
class Kind:
    """`states` are the answers about it that come and change later."""

    name: str
    key_prefix: str
    detail_id: str
    states: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"/me/{self.name}"

    @property
    def id(self) -> str:
        return f"{self.name}Id"

    def key(self, document: bytes | msgspec.Raw) -> Key:
        """A refund's id may be a bill's too."""
        identifier = scalar(document, self.name, self.id)
        return Key(f"{self.key_prefix}{identifier}") if identifier else id_key(document)


BILL = Kind("bill", "", "billDetailId", ("debt", "payment"))
REFUND = Kind("refund", "refund:", "refundDetailId", ("payment",))
# They don't say whose they are, but one of these.
SAID = {"debt": ("status",), "payment": ("paymentDate", "paymentType")}


def _is_settled(document: bytes) -> bool:
    """Of a bill without a debt, and of a refund, a payment is all that there is to wait for."""
    status = scalar(document, "debt", "status")
    return status == "PAID" or (status is None and bool(scalar(document, "payment", "paymentDate")))


async def _documents(kind: Kind, window: Window, client: Client) -> AsyncIterator[Page]:
    """What fails of one bill leaves the others as they come, and what is held of it as it is."""
    failures_in_a_row = 0

    async def tried(identifier: str) -> msgspec.Raw | SourceError:
        try:
            return await _document(kind, window, client, identifier)
        except SourceError as error:
            return error

    identifiers = await client.get(kind.path, list[str])
    for start in range(0, len(identifiers), REQUESTS_AT_ONCE):
        batch = identifiers[start : start + REQUESTS_AT_ONCE]
        page: list[msgspec.Raw] = []
        for identifier, answer in zip(batch, await _each(tried, batch), strict=True):
            key = f"{kind.key_prefix}{identifier}"
            if isinstance(answer, msgspec.Raw):
                failures_in_a_row = 0
                page.append(answer)
                continue
            failures_in_a_row += 1
            if failures_in_a_row >= FAILURES_IN_A_ROW:
                raise answer
            window.fail(key, answer)
            if key in window.known:
                page.append(msgspec.Raw(window.known[key]))
        yield page


async def _document(kind: Kind, window: Window, client: Client, identifier: str) -> msgspec.Raw:
    held = window.known.get(f"{kind.key_prefix}{identifier}", b"{}")
    if window.full_refresh:
        held = b"{}"
    parts = msgspec.json.decode(held, type=dict[str, msgspec.Raw])
    wants_details = window.settings.details and parts.get("details", NULL) == NULL
    if _is_settled(held) and not wants_details:
        return msgspec.Raw(held)
    path = f"{kind.path}/{path_segment(identifier)}"
    if kind.name not in parts:
        parts[kind.name] = await _one(client, path, identifier, kind.id)
    if wants_details:
        parts["details"] = await _details(kind, path, client)
    parts.setdefault("details", NULL)
    for name in kind.states:
        parts[name] = await _state(client, f"{path}/{name}", SAID[name])
    return msgspec.Raw(msgspec.json.encode(parts))


async def _one(client: Client, path: str, identifier: str, field: str) -> msgspec.Raw:
    url = client.url(path)
    return is_of(client, url, await client.get_url(url, msgspec.Raw), identifier, field)


async def _details(kind: Kind, path: str, client: Client) -> msgspec.Raw:
    async def entry(identifier: str) -> msgspec.Raw:
        place = f"{path}/details/{path_segment(identifier)}"
        return await _one(client, place, identifier, kind.detail_id)

    identifiers = await client.get(f"{path}/details", list[str])
    return msgspec.Raw(msgspec.json.encode(await _each(entry, sorted(identifiers))))


async def _state(client: Client, path: str, said: tuple[str, ...]) -> msgspec.Raw:
    """Null where OVHcloud says that there is none."""
    url = client.url(path)
    try:
        answer = await client.get_url(url, msgspec.Raw, nothing=NONE)
    except NothingThereError:
        return NULL
    if not is_object(answer) or not any(scalar(answer, field) for field in said):
        raise client.refuse(url, f"what came states no `{said[0]}`")
    return answer


async def _each(ask: Callable[[str], Awaitable[T]], identifiers: Iterable[str]) -> list[T]:
    """The answers, side by side and in order. The first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_awaited(ask, each)) for each in identifiers]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _awaited(ask: Callable[[str], Awaitable[T]], identifier: str) -> T:
    return await ask(identifier)


def listings(account: OvhcloudAccount, window: Window) -> Sequence[Listing]:
    return [
        Listing(f"{kind.name}s", partial(_documents, kind, window), kind.key)
        for kind in (BILL, REFUND)
    ]


async def _identifiers(client: Client) -> AsyncIterator[Page]:
    await client.get(BILL.path, list[str])
    yield []


def probe(account: OvhcloudAccount) -> Listing:
    return Listing("bills", _identifiers, BILL.key)


def authentication(account: OvhcloudAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    if account.application_key and account.application_secret and account.consumer_key:
        return ServerTimeSignature(
            account.application_key,
            account.application_secret.reveal(),
            account.consumer_key.reveal(),
            f"{base_url}/auth/time",
        )
    assert account.client_id  # noqa: S101
    assert account.client_secret  # noqa: S101
    token_url = TOKEN_URLS.get(base_url, f"{base_url}/auth/oauth2/token")
    secret = account.client_secret.reveal()
    return ClientCredentials(account.client_id, secret, token_url, redactor, scope="all")


OVHCLOUD = Vendor(
    name="ovhcloud",
    title="OVHcloud",
    service=("Compute", "Other (Compute)"),
    base_url=APIS["eu"],
    account_type=OvhcloudAccount,
    setup=Setup(
        questions={"region": "where the account is: eu, ca or us; empty: eu"},
        credentials=(
            Credential(
                "service account",
                ("client_id", "client_secret"),
                "Make a service account (POST /me/api/oauth2/client, flow CLIENT_CREDENTIALS), and "
                "an IAM policy that gives it the actions account:apiovh:me/bill/get, "
                "…/bill/details/get, …/bill/debt/get, …/bill/payment/get, and the same of "
                "me/refund.",
            ),
            Credential(
                "application and consumer key",
                ("application_key", "application_secret", "consumer_key"),
                "Make all three at https://www.ovh.com/auth/api/createToken (ca.ovh.com, "
                "us.ovhcloud.com) with unlimited validity and the rights GET /me/bill, "
                "GET /me/bill/*, GET /me/refund and GET /me/refund/*.",
            ),
        ),
    ),
    entities=("invoices",),
    # Whoever has a link, or the password, may download the invoice. They change with each request.
    never_kept=frozenset(
        f"{kind.name}.{field}" for kind in (BILL, REFUND) for field in ("password", "pdfUrl", "url")
    ),
    remedies={
        400: "If the signature is called invalid: application_secret and consumer_key belong to "
        "application_key, as shown when they were made.",
        401: "The credential is wrong, expired or deleted, or of another region: compare it with "
        "the keys and service accounts of the control panel, and check region.",
        403: "The credential lacks a right: GET /me/bill, /me/bill/*, /me/refund and /me/refund/* "
        "for a consumer key, the IAM actions account:apiovh:me/bill/… and me/refund/… for a "
        "service account. Or it is wrong, expired, or of another region.",
        404: "Check region, and base_url.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    reads_known=True,
)
