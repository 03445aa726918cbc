"""Scaleway: `GET /billing/v2beta1/invoices`, and each invoice's charges.

https://www.scaleway.com/en/developers/api/billing, and its official Go SDK. Pages of invoices are
numbered; those of charges, of which there is one a resource, have tokens. The running month stands
in the list, as a draft.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

import httpx
import msgspec

from sources.client.asked import ListAnswer
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.paging import Envelope, Page, linked_pages, parameter_pages
from sources.client.redaction import Redactor, Secret
from sources.keys import NO_KEY, Key, id_key, is_object, scalar
from sources.vendor import Account, Credential, Listing, Setup, Text, Vendor, Window

API = "/billing/v2beta1"
LARGEST_PAGE = "100"
# Numbers are 0 until an invoice is issued, so that the default order shifts pages.
BY_START = ("order_by", "start_date_asc")


class ScalewayAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    organization_id: Text
    secret_key: Secret

    @property
    def identity(self) -> str:
        return self.organization_id

    @property
    def parameter(self) -> tuple[str, str]:
        return ("organization_id", self.organization_id)


class InvoicesPage(ListAnswer):
    total_count: int
    invoices: list[msgspec.Raw]

    @property
    def documents(self) -> Page:
        return self.invoices


class ChargesPage(ListAnswer):
    charges: list[msgspec.Raw]
    next_page_token: str | None = None

    @property
    def documents(self) -> Page:
        return self.charges


CHARGES = Envelope(ChargesPage, lambda page: page.charges, lambda page: page.next_page_token)


async def _invoices(account: ScalewayAccount, size: str, client: Client) -> AsyncIterator[Page]:
    """No page says that it is the last: there is another one as long as the count isn't met."""
    read = 0

    def onward(page: InvoicesPage) -> str | None:
        nonlocal read
        read += len(page.invoices)
        return "on" if page.invoices and read < page.total_count else None

    def follow(_: str, page: httpx.URL) -> httpx.URL:
        return page.copy_set_param("page", str(int(page.params["page"]) + 1))

    envelope = Envelope(
        InvoicesPage,
        lambda page: page.invoices,
        onward,
        number="page",
        last_number=lambda page: -(-page.total_count // int(size)),
        size=lambda page: page.total_count,
        total=lambda page: page.total_count,
    )
    parameters = [account.parameter, BY_START, ("page", "1"), ("page_size", size)]
    first = client.url(f"{API}/invoices", parameters)
    async for page in linked_pages(client, first, envelope, follow):
        yield page


async def _charges(
    account: ScalewayAccount, identifier: str, client: Client
) -> AsyncIterator[Page]:
    """All pages as one document, in which each charge is as it came."""
    path = f"{API}/charges"
    parameters = [account.parameter, ("invoice_ids", identifier), ("page_size", LARGEST_PAGE)]
    charges: list[bytes] = []
    async for page in parameter_pages(client, path, CHARGES, "page_token", parameters):
        for charge in page:
            stated = scalar(charge, "invoice_id") if is_object(charge) else "no invoice"
            if stated not in (None, identifier):
                problem = f"what came for {identifier!r} is a charge of {stated!r}"
                raise client.refuse(client.url(path), problem)
            charges.append(bytes(charge))
    yield [msgspec.Raw(b'{"charges":[' + b",".join(charges) + b"]}")]


def _all(account: ScalewayAccount, size: str) -> Listing:
    return Listing("all", partial(_invoices, account, size), id_key)


def listings(account: ScalewayAccount, window: Window) -> Sequence[Listing]:
    return [_all(account, LARGEST_PAGE)]


def probe(account: ScalewayAccount) -> Listing:
    return _all(account, "1")


def detail(account: ScalewayAccount, key: str, document: bytes) -> Listing | None:
    """The charges."""
    if id_key(document).text == NO_KEY:
        return None
    return Listing(key, partial(_charges, account, key), lambda _: Key(key))


def authentication(account: ScalewayAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("X-Auth-Token", account.secret_key.reveal())


SCALEWAY = Vendor(
    name="scaleway",
    title="Scaleway",
    service=("Compute", "Other (Compute)"),
    base_url="https://api.scaleway.com",
    account_type=ScalewayAccount,
    setup=Setup(
        questions={"organization_id": "the organization's id, as the console's settings show it"},
        credentials=(
            Credential(
                "API key",
                ("secret_key",),
                "Make an API key in the console's IAM, for an application whose policy has the "
                "permission set BillingReadOnly in the organization; secret_key is its secret key.",
            ),
        ),
    ),
    entities=("invoices", "invoice_details"),
    remedies={
        401: "The secret_key is wrong, expired or deleted: it is the API key's secret, not its "
        "access key.",
        403: "The API key's policy lacks the permission set BillingReadOnly in this organization, "
        "or the organization_id is another's.",
        404: "Check organization_id, and base_url.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    detail=detail,
)
