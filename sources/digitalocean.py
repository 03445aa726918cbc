"""DigitalOcean: `GET /v2/customers/my/invoices`, and each invoice's summary and items.

https://docs.digitalocean.com/reference/api, Billing. Pages are numbered, and `links.pages.next`
leads on. The month that still accrues comes beside each page, as `invoice_preview`. Taxes and
credits stand in the summary alone, and an item has no id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from math import ceil
from typing import TypeVar

import httpx
import msgspec

from sources.client.asked import NULL, ListAnswer, is_of
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.limits import Rate
from sources.client.paging import Envelope, Page, linked_pages
from sources.client.redaction import Redactor, Secret
from sources.client.responses import Nothing
from sources.keys import UPCOMING, Key, content_key, id_key, is_object, scalar
from sources.vendor import (
    Account,
    Credential,
    InvoiceFiles,
    Listing,
    Setup,
    Vendor,
    Window,
    path_segment,
)

INVOICES = "/v2/customers/my/invoices"
LARGEST_PAGE = [("per_page", "200")]
SUMMARY = "summary"
UNKNOWN_YET = Nothing(404, "not_found")


class DigitaloceanAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A token belongs to one team, whose invoices it reads."""

    api_token: Secret


class Pages(msgspec.Struct):
    next: str | None = None


class Links(msgspec.Struct):
    pages: Pages | None = None


class Meta(msgspec.Struct):
    total: int | None = None


class NumberedPage(ListAnswer, kw_only=True):
    """What fits one page comes without `links`."""

    links: Links | None = None
    meta: Meta | None = None

    @property
    def next_link(self) -> str | None:
        return self.links.pages.next if self.links and self.links.pages else None

    @property
    def total(self) -> int | None:
        return self.meta.total if self.meta else None

    @property
    def last_number(self) -> int | None:
        listed = len(self.documents)
        return ceil(self.total / listed) if self.total and listed else None


N = TypeVar("N", bound=NumberedPage)


class InvoicesPage(NumberedPage):
    invoices: list[msgspec.Raw]
    invoice_preview: msgspec.Raw = NULL

    @property
    def documents(self) -> Page:
        return self.invoices


class ItemsPage(NumberedPage):
    invoice_items: list[msgspec.Raw]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(map(is_object, self.invoice_items)):
            raise ValueError("there is an item that is no object")

    @property
    def documents(self) -> Page:
        return self.invoice_items


def invoice_key(document: bytes | msgspec.Raw) -> Key:
    return id_key(document, "invoice_uuid")


def item_key(document: bytes | msgspec.Raw) -> Key:
    """What is billed, without how much of it."""
    return content_key(
        document,
        *("product", "resource_uuid", "resource_id", "group_description", "description"),
        *("project_name", "start_time"),
    )


def _numbered(into: type[N], mark: Callable[[bytes | msgspec.Raw], Key]) -> Envelope[N]:
    return Envelope(
        into,
        lambda page: page.documents,
        lambda page: page.next_link,
        number="page",
        last_number=lambda page: page.last_number,
        size=lambda page: page.total,
        total=lambda page: page.total,
        mark=mark,
    )


INVOICE_PAGES = _numbered(InvoicesPage, invoice_key)
ITEM_PAGES = _numbered(ItemsPage, item_key)


def issued_pages(client: Client) -> AsyncIterator[Page]:
    return linked_pages(client, client.url(INVOICES, LARGEST_PAGE), INVOICE_PAGES, client.link)


async def upcoming_pages(client: Client) -> AsyncIterator[Page]:
    """The one invoice that still accrues; no object, or an empty one, where there is none."""
    page = await client.get(INVOICES, InvoicesPage, parameters=[("per_page", "1")])
    preview = page.invoice_preview
    yield [preview] if is_object(preview) and bytes(preview) != b"{}" else []


def upcoming_key(document: msgspec.Raw) -> Key:
    """It bears an id already, and nobody says whether it keeps that when it is issued."""
    return Key(UPCOMING, made=True)


UPCOMING_LISTING = Listing(UPCOMING, upcoming_pages, upcoming_key)


def listings(account: DigitaloceanAccount, window: Window) -> Sequence[Listing]:
    return [Listing("issued", issued_pages, invoice_key), UPCOMING_LISTING]


def probe(account: DigitaloceanAccount) -> Listing:
    return UPCOMING_LISTING


async def _detail_pages(
    identifier: str, nothing: Nothing | None, client: Client
) -> AsyncIterator[Page]:
    path = f"{INVOICES}/{path_segment(identifier)}"
    url = client.url(f"{path}/summary")
    summary = await client.get_url(url, msgspec.Raw, nothing=nothing)
    yield [is_of(client, url, summary, identifier, "invoice_uuid")]
    first = client.url(path, LARGEST_PAGE)
    async for page in linked_pages(client, first, ITEM_PAGES, client.link):
        yield page


def _detail_key(identifier: str, document: msgspec.Raw) -> Key:
    """An item says of no invoice that it is its own, and names a product."""
    is_summary = scalar(document, "invoice_uuid") == identifier and not scalar(document, "product")
    return Key(SUMMARY) if is_summary else item_key(document)


def detail(account: DigitaloceanAccount, key: str, document: bytes) -> Listing | None:
    """The summary, and the items: of a large team's invoice there are thousands.

    Nobody says that the invoice which still accrues has them: then it has no lines yet.
    """
    identifier = scalar(document, "invoice_uuid")
    if identifier is None:
        return None
    nothing = UNKNOWN_YET if key == UPCOMING else None
    pages = partial(_detail_pages, identifier, nothing)
    return Listing(key, pages, partial(_detail_key, identifier))


def pdf_path(account: DigitaloceanAccount, document: bytes) -> str | None:
    identifier = scalar(document, "invoice_uuid")
    return None if identifier is None else f"{INVOICES}/{path_segment(identifier)}/pdf"


def authentication(account: DigitaloceanAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"Bearer {account.api_token.reveal()}")


DIGITALOCEAN = Vendor(
    name="digitalocean",
    title="DigitalOcean",
    service=("Compute", "Virtual Machines"),
    base_url="https://api.digitalocean.com",
    account_type=DigitaloceanAccount,
    setup=Setup(
        questions={},
        credentials=(
            Credential(
                "personal access token",
                ("api_token",),
                "Make it in the control panel under API > Tokens, in the team whose invoices to "
                "load, with custom scopes, of which it needs billing:read alone. It expires: note "
                "when.",
            ),
        ),
    ),
    entities=("invoices", "line_items"),
    volatile_fields=frozenset({"updated_at"}),
    # Of the summary. `updated_at` is the preview's.
    never_kept=frozenset({"user_name", "user_billing_address", "user_company", "user_email"}),
    remedies={
        401: "The api_token is wrong, expired or deleted: compare it with API > Tokens in the "
        "control panel.",
        403: "The api_token lacks the scope billing:read: make one that has it.",
        404: "Check base_url; DigitalOcean answers 404 where it knows no invoice of that id.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    detail=detail,
    # And 5,000 an hour, which takes 2,500 invoices:
    # https://docs.digitalocean.com/reference/api/reference
    rate=Rate(250, 60),
    files=InvoiceFiles("application/pdf", pdf_path, accept=lambda account: "application/pdf"),
)
