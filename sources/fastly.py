"""Fastly: `GET /billing/v3/invoices`, and the month to date, which is a document of its own.

https://www.fastly.com/documentation/reference/api/account/billing/, and its official clients. Pages
have cursors; an invoice's lines stand in it. The month to date has no currency, its amount is a
text, and while it is computed Fastly answers 202.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

import httpx
import msgspec

from sources.client.asked import ListAnswer
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.paging import Envelope, Page, parameter_pages
from sources.client.redaction import Redactor, Secret
from sources.client.responses import NotYet
from sources.keys import UPCOMING, Key, id_key, is_object, scalar
from sources.vendor import Account, Credential, Listing, Setup, Vendor, Window

INVOICES = "/billing/v3/invoices"
MONTH_TO_DATE = f"{INVOICES}/month-to-date"
LARGEST_PAGE = "200"
COMPUTING = NotYet(202)
# Every field is optional by Fastly's types: what has none of these is no invoice.
TELLING = ("invoice_id", "customer_id", "billing_start_date")


class FastlyAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A token belongs to one customer, whose invoices it reads."""

    api_token: Secret


class Meta(msgspec.Struct):
    next_cursor: str | None = None


class InvoicesPage(ListAnswer):
    data: list[msgspec.Raw]
    meta: Meta | None = None

    @property
    def documents(self) -> Page:
        return self.data

    @property
    def cursor(self) -> str | None:
        return self.meta.next_cursor if self.meta else None


ISSUED = Envelope(InvoicesPage, lambda page: page.documents, lambda page: page.cursor)


def _issued(size: str) -> Listing:
    def pages(client: Client) -> AsyncIterator[Page]:
        return parameter_pages(client, INVOICES, ISSUED, "cursor", [("limit", size)])

    return Listing("issued", pages, partial(id_key, field="invoice_id"))


async def upcoming_pages(client: Client) -> AsyncIterator[Page]:
    """The month to date; an empty object where there is none."""
    url = client.url(MONTH_TO_DATE)
    document = await client.get_url(url, msgspec.Raw, not_yet=COMPUTING)
    if not is_object(document):
        raise client.refuse(url, "what came for the month to date is no object")
    if bytes(document) == b"{}":
        yield []
        return
    if not any(scalar(document, field) for field in TELLING):
        raise client.refuse(url, f"what came is no invoice: it states none of {', '.join(TELLING)}")
    yield [document]


def upcoming_key(document: msgspec.Raw) -> Key:
    """It bears an id, and nobody says whether the invoice gets it when it is issued."""
    return Key(UPCOMING, made=True)


def listings(account: FastlyAccount, window: Window) -> Sequence[Listing]:
    return [_issued(LARGEST_PAGE), Listing(UPCOMING, upcoming_pages, upcoming_key)]


def probe(account: FastlyAccount) -> Listing:
    return _issued("1")


def authentication(account: FastlyAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Fastly-Key", account.api_token.reveal())


FASTLY = Vendor(
    name="fastly",
    title="Fastly",
    service=("Networking", "Content Delivery"),
    base_url="https://api.fastly.com",
    account_type=FastlyAccount,
    setup=Setup(
        questions={},
        credentials=(
            Credential(
                "API token",
                ("api_token",),
                "Make it in the Fastly control panel under Account > API tokens > Personal tokens, "
                "as a user who has the role billing (or superuser), with the scope global:read.",
            ),
        ),
    ),
    entities=("invoices",),
    remedies={
        401: "The api_token is wrong, expired or deleted: compare it with Account > API tokens in "
        "the control panel.",
        403: "The token's user lacks the role billing (or superuser), or the token the scope "
        "global:read.",
        404: "Check base_url; of some accounts, such as one whose parent pays, Fastly makes no "
        "month to date.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
)
