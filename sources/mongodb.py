"""MongoDB Atlas and Cloud Manager: `GET /api/…/orgs/{orgId}/invoices`, and each invoice by its id.

https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2, listInvoices and getInvoice; their older
versions answer plain JSON. A `next` link exists only while more pages remain; `totalCount` is an
estimate and is not looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from math import ceil
from typing import Literal

import httpx
import msgspec

from sources.client.asked import ListAnswer, is_of, read
from sources.client.client import Client, Parameters
from sources.client.digest import SharedDigest
from sources.client.oauth import ClientCredentials
from sources.client.paging import Envelope, Page, linked_pages
from sources.client.redaction import Redactor, Secret
from sources.client.responses import DETAIL_LIMIT
from sources.keys import Key, id_key, scalar
from sources.vendor import (
    Account,
    Credential,
    HeaderText,
    InvoiceFiles,
    Listing,
    Setup,
    Text,
    Vendor,
    Window,
    credentials_given,
    path_segment,
)

ACCEPT = "application/vnd.atlas.2023-01-01+json"
ACCEPT_CSV = "application/vnd.atlas.2023-01-01+csv"


class MongodbAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Either an API key (`public_key`, `private_key`) or a service account (`client_id`,
    `client_secret`)."""

    org_id: Text
    public_key: HeaderText | None = None
    private_key: Secret | None = None
    client_id: HeaderText | None = None
    client_secret: Secret | None = None
    api: Literal["atlas/v2", "atlas/v1.0", "public/v1.0"] = "atlas/v2"

    def __post_init__(self) -> None:
        credentials_given(self, ("public_key", "private_key"), ("client_id", "client_secret"))

    @property
    def identity(self) -> str:
        return self.org_id

    @property
    def accept(self) -> str:
        return ACCEPT if self.api == "atlas/v2" else "application/json"

    @property
    def invoices_path(self) -> str:
        return f"/api/{self.api}/orgs/{path_segment(self.org_id)}/invoices"


class Link(msgspec.Struct):
    rel: str = ""
    href: str = ""


class ResultsPage(ListAnswer):
    results: list[msgspec.Raw]
    links: list[Link] | None = None
    totalCount: int | float | None = None  # an estimate

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.next_link == "":
            raise ValueError("there is a next page, but its link is empty")

    @property
    def documents(self) -> Page:
        return self.results

    @property
    def next_link(self) -> str | None:
        return next((link.href for link in self.links or [] if link.rel == "next"), None)


class Detail(msgspec.Struct, rename="camel"):
    """What a detail may be made of besides its id; each of them may be absent."""

    line_items: list[msgspec.Raw] | None = None
    payments: list[msgspec.Raw] | None = None
    refunds: list[msgspec.Raw] | None = None


def _last_number(page: ResultsPage) -> int | None:
    return ceil(page.totalCount / len(page.results)) if page.totalCount and page.results else None


RESULTS = Envelope(
    ResultsPage,
    lambda page: page.documents,
    lambda page: page.next_link,
    number="pageNum",
    last_number=_last_number,
    size=lambda page: page.totalCount,
)


async def pages(
    account: MongodbAccount, parameters: Parameters, client: Client
) -> AsyncIterator[Page]:
    path = account.invoices_path
    if account.api == "public/v1.0":
        path += "/"  # as documented; without it, a server may redirect
    first = client.url(path, parameters)
    async for page in linked_pages(client, first, RESULTS, client.link, account.accept):
        yield page


def _parameters(account: MongodbAccount, size: str) -> Parameters:
    """Linked invoices are off, since the linked organisations' own rows would count them twice. The
    older versions document no parameters."""
    if account.api != "atlas/v2":
        return ()
    return [("itemsPerPage", size), ("viewLinkedInvoices", "false")]


def listings(account: MongodbAccount, window: Window) -> Sequence[Listing]:
    return [Listing("all", partial(pages, account, _parameters(account, "500")), id_key)]


def probe(account: MongodbAccount) -> Listing:
    return Listing("all", partial(pages, account, _parameters(account, "1")), id_key)


async def _detail_pages(
    account: MongodbAccount, identifier: str, client: Client
) -> AsyncIterator[Page]:
    url = client.url(f"{account.invoices_path}/{path_segment(identifier)}")
    answer = await client.get_url(url, msgspec.Raw, accept=account.accept, limit=DETAIL_LIMIT)
    read(client, url, is_of(client, url, answer, identifier), Detail)
    yield [answer]


def detail(account: MongodbAccount, key: str, document: bytes) -> Listing | None:
    """Line items, payments and refunds, which the list leaves out."""
    identifier = scalar(document, "id")
    if identifier is None:
        return None
    return Listing(key, partial(_detail_pages, account, identifier), lambda _: Key(key))


def csv_path(account: MongodbAccount, document: bytes) -> str | None:
    """Cloud Manager's API documents none."""
    identifier = scalar(document, "id")
    if identifier is None or account.api == "public/v1.0":
        return None
    return f"{account.invoices_path}/{path_segment(identifier)}/csv"


def authentication(account: MongodbAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    if account.public_key and account.private_key:
        return SharedDigest(account.public_key, account.private_key.reveal())
    assert account.client_id  # noqa: S101
    assert account.client_secret  # noqa: S101
    secret = account.client_secret.reveal()
    return ClientCredentials(account.client_id, secret, f"{base_url}/api/oauth/token", redactor)


MONGODB = Vendor(
    name="mongodb",
    title="MongoDB",
    service=("Databases", "NoSQL Databases"),
    base_url="https://cloud.mongodb.com",
    account_type=MongodbAccount,
    setup=Setup(
        questions={"org_id": "the organization's id, 24 hexadecimal digits, in its settings"},
        credentials=(
            Credential(
                "service account",
                ("client_id", "client_secret"),
                "Make it under Organization > Access Manager > Applications > Service Accounts, "
                "with the role Organization Billing Viewer. Its secret expires: note when.",
            ),
            Credential(
                "API key",
                ("public_key", "private_key"),
                "Make it under Organization > Access Manager > Applications > API Keys, with the "
                "role Organization Billing Viewer, and put this machine's address on its access "
                "list.",
            ),
        ),
    ),
    entities=("invoices", "invoice_details"),
    volatile_fields=frozenset({"links"}),
    remedies={
        401: "The key pair or the service account's secret is wrong, expired or deleted: compare "
        "it with the organization's access manager.",
        403: "The key lacks the role Organization Billing Viewer, or this machine's address is not "
        "on the API access list of the key or the organization.",
        404: "Check org_id, and that the key belongs to this organization.",
        406: 'Check api: "atlas/v2", "atlas/v1.0" or "public/v1.0".',
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    detail=detail,
    files=InvoiceFiles(
        "text/csv",
        csv_path,
        accept=lambda account: ACCEPT_CSV if account.api == "atlas/v2" else "text/csv",
    ),
)
