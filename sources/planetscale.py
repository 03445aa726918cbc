"""PlanetScale: `GET /organizations/{organization}/invoices`, and each invoice's line items.

https://planetscale.com/docs/api/reference/list_invoices, get_invoice and
list_invoice_line_items. Pages are numbered; `next_page` is null on the last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TypeVar

import httpx
import msgspec

from sources.client.asked import ListAnswer, is_of
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.limits import Rate
from sources.client.paging import Envelope, Page, linked_pages
from sources.client.redaction import Redactor, Secret
from sources.keys import NO_KEY, id_key, is_object, scalar
from sources.vendor import (
    Account,
    Credential,
    HeaderText,
    Listing,
    Setup,
    Text,
    Vendor,
    Window,
    credentials_given,
    path_segment,
)


class PlanetscaleAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Either a service token (its id and the token) or an OAuth token. With `invoice_ids` only
    those invoices are fetched, one by one."""

    organization: Text
    service_token_id: HeaderText | None = None
    service_token: Secret | None = None
    oauth_token: Secret | None = None
    invoice_ids: list[Text] | None = None

    def __post_init__(self) -> None:
        credentials_given(self, ("service_token_id", "service_token"), ("oauth_token",))

    @property
    def identity(self) -> str:
        return self.organization

    @property
    def invoices_path(self) -> str:
        return f"/organizations/{path_segment(self.organization)}/invoices"


N = TypeVar("N", bound="NumberedPage")


class NumberedPage(ListAnswer):
    data: list[msgspec.Raw]
    next_page: int | None

    @property
    def documents(self) -> Page:
        return self.data


NUMBERED = Envelope(
    NumberedPage,
    lambda page: page.documents,
    lambda page: None if page.next_page is None else str(page.next_page),
    number="page",
)


def _numbered(client: Client, path: str, size: str, envelope: Envelope[N]) -> AsyncIterator[Page]:
    first = client.url(path, [("per_page", size)])
    return linked_pages(client, first, envelope, lambda n, page: page.copy_set_param("page", n))


async def _single(
    account: PlanetscaleAccount, identifier: str, client: Client
) -> AsyncIterator[Page]:
    url = client.url(f"{account.invoices_path}/{path_segment(identifier)}")
    yield [is_of(client, url, await client.get_url(url, msgspec.Raw), identifier)]


class LinesPage(NumberedPage):
    """A line doesn't say whose it is, but it has an id: a list of anything else is no answer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(is_object(line) and scalar(line, "id") for line in self.data):
            raise ValueError("there is a line item without an `id`")


LINES = Envelope(LinesPage, NUMBERED.documents, NUMBERED.onward, NUMBERED.number)


def _all(account: PlanetscaleAccount, size: str) -> Listing:
    def pages(client: Client) -> AsyncIterator[Page]:
        return _numbered(client, account.invoices_path, size, NUMBERED)

    return Listing("all", pages, id_key)


def _one(account: PlanetscaleAccount, identifier: str) -> Listing:
    return Listing(f"id:{identifier}", partial(_single, account, identifier), id_key)


def listings(account: PlanetscaleAccount, window: Window) -> Sequence[Listing]:
    if account.invoice_ids is None:
        return [_all(account, "100")]
    return [_one(account, identifier) for identifier in dict.fromkeys(account.invoice_ids)]


def probe(account: PlanetscaleAccount) -> Listing:
    return _one(account, account.invoice_ids[0]) if account.invoice_ids else _all(account, "1")


def detail(account: PlanetscaleAccount, key: str, document: bytes) -> Listing | None:
    """The line items, of which an invoice may have thousands."""
    if id_key(document).text == NO_KEY:
        return None

    def pages(client: Client) -> AsyncIterator[Page]:
        path = f"{account.invoices_path}/{path_segment(key)}/line-items"
        return _numbered(client, path, "100", LINES)

    return Listing(key, pages, id_key)


def authentication(account: PlanetscaleAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    if account.oauth_token:
        return RequestHeader("Authorization", f"Bearer {account.oauth_token.reveal()}")
    assert account.service_token  # noqa: S101
    return RequestHeader(
        "Authorization", f"{account.service_token_id}:{account.service_token.reveal()}"
    )


PLANETSCALE = Vendor(
    name="planetscale",
    title="PlanetScale",
    service=("Databases", "Relational Databases"),
    base_url="https://api.planetscale.com/v1",
    account_type=PlanetscaleAccount,
    setup=Setup(
        questions={"organization": "the organization's name, as in its pages' addresses"},
        credentials=(
            Credential(
                "service token",
                ("service_token_id", "service_token"),
                "Make it under Organization settings > Service tokens, and add the organization "
                "access read_invoices to it.",
            ),
            Credential(
                "OAuth token",
                ("oauth_token",),
                "Let an OAuth application ask for the organization scope read_invoices.",
            ),
        ),
    ),
    entities=("invoices", "line_items"),
    remedies={
        401: "The token is wrong or deleted: service_token_id and service_token belong together, "
        "as shown when the token was made.",
        403: "The token lacks the access read_invoices: add it to the token in the organization's "
        "settings.",
        404: "The token lacks the access read_invoices (PlanetScale answers 404 then too), or the "
        "organization's name or the invoice's id is wrong.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    detail=detail,
    # https://planetscale.com/docs/api/reference/rate-limits
    rate=Rate(600, 60),
)
