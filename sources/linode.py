"""Linode (Akamai): `GET /v4/account/invoices`, and each invoice's items.

https://techdocs.akamai.com/linode-api/reference, get-invoices and get-invoice-items. Pages are
numbered, and each says how many there are. An item has no id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial

import httpx
import msgspec

from sources.client.asked import ListAnswer
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.limits import Rate
from sources.client.paging import Envelope, Page, linked_pages
from sources.client.redaction import Redactor, Secret
from sources.keys import NO_KEY, Key, id_key, is_object, scalar
from sources.vendor import (
    Account,
    Credential,
    Listing,
    Setup,
    Vendor,
    Window,
    path_segment,
)

INVOICES = "/v4/account/invoices"
LARGEST_PAGE, SMALLEST_PAGE = "500", "25"


class LinodeAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A token is one user's, and reads the invoices of the user's account."""

    api_token: Secret


class NumberedPage(ListAnswer):
    data: list[msgspec.Raw]
    page: int
    pages: int
    results: int

    @property
    def documents(self) -> Page:
        return self.data


class ItemsPage(NumberedPage):
    """An item doesn't say whose it is, but it has an amount: a list of anything else is no
    answer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(is_object(item) and scalar(item, "amount") for item in self.data):
            raise ValueError("there is an item without an `amount`")


INVOICE_PAGES = Envelope(
    NumberedPage,
    lambda page: page.documents,
    lambda page: str(page.page + 1) if page.page < page.pages else None,
    number="page",
    last_number=lambda page: page.pages,
    size=lambda page: page.results,
    total=lambda page: page.results,
)
ITEM_PAGES = replace(INVOICE_PAGES, into=ItemsPage, mark=bytes)


def _numbered(
    client: Client, path: str, size: str, envelope: Envelope[NumberedPage]
) -> AsyncIterator[Page]:
    first = client.url(path, [("page", "1"), ("page_size", size)])
    return linked_pages(client, first, envelope, lambda n, page: page.copy_set_param("page", n))


async def _items(identifier: str, client: Client) -> AsyncIterator[Page]:
    """All pages as one document, in which each item is as it came."""
    path = f"{INVOICES}/{path_segment(identifier)}/items"
    items: list[bytes] = []
    async for page in _numbered(client, path, LARGEST_PAGE, ITEM_PAGES):
        items += map(bytes, page)
    yield [msgspec.Raw(b'{"data":[' + b",".join(items) + b"]}")]


def _all(size: str) -> Listing:
    def pages(client: Client) -> AsyncIterator[Page]:
        return _numbered(client, INVOICES, size, INVOICE_PAGES)

    return Listing("all", pages, id_key)


def listings(account: LinodeAccount, window: Window) -> Sequence[Listing]:
    return [_all(LARGEST_PAGE)]


def probe(account: LinodeAccount) -> Listing:
    return _all(SMALLEST_PAGE)


def detail(account: LinodeAccount, key: str, document: bytes) -> Listing | None:
    """The items, of which an invoice may have thousands."""
    if id_key(document).text == NO_KEY:
        return None
    return Listing(key, partial(_items, key), lambda _: Key(key))


def authentication(account: LinodeAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"Bearer {account.api_token.reveal()}")


LINODE = Vendor(
    name="linode",
    title="Linode",
    service=("Compute", "Virtual Machines"),
    base_url="https://api.linode.com",
    account_type=LinodeAccount,
    setup=Setup(
        questions={},
        credentials=(
            Credential(
                "personal access token",
                ("api_token",),
                "Make it in the Cloud Manager under the profile's API Tokens, with Account: Read "
                "Only and no other access, as a user who may read the account's billing. It "
                "expires: note when.",
            ),
        ),
    ),
    entities=("invoices", "invoice_details"),
    remedies={
        401: "The api_token is wrong, expired or revoked, or lacks Account: Read Only "
        "(account:read_only): compare it with the profile's API Tokens in the Cloud Manager.",
        403: "The api_token lacks Account: Read Only (account:read_only), or its user may not read "
        "the account's billing: an unrestricted user can allow it.",
        404: "Check base_url; Linode answers 404 where it knows no invoice of that id.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    detail=detail,
    # Of lists in pages: https://techdocs.akamai.com/linode-api/reference/rate-limits
    rate=Rate(200, 60),
)
