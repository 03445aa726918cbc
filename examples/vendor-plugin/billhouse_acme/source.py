"""Acme Cloud: `GET /v1/invoices`, in numbered pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

import httpx
import msgspec

from sources.client.asked import ListAnswer
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.paging import Envelope, Page, linked_pages
from sources.client.redaction import Redactor, Secret
from sources.keys import id_key, scalar
from sources.vendor import Account, Credential, Listing, Setup, Text, Vendor, Window


class AcmeAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    team: Text
    api_token: Secret

    @property
    def identity(self) -> str:
        return self.team


class InvoicesPage(ListAnswer):
    invoices: list[msgspec.Raw]
    next_page: int | None

    @property
    def documents(self) -> Page:
        return self.invoices


PAGES = Envelope(
    InvoicesPage,
    lambda page: page.documents,
    lambda page: None if page.next_page is None else str(page.next_page),
    number="page",
    mark=lambda document: scalar(document, "number"),
)


def pages(account: AcmeAccount, size: str, client: Client) -> AsyncIterator[Page]:
    first = client.url("/v1/invoices", [("team", account.team), ("size", size)])
    return linked_pages(client, first, PAGES, lambda n, page: page.copy_set_param("page", n))


def listing(account: AcmeAccount, size: str) -> Listing:
    return Listing("all", partial(pages, account, size), lambda each: id_key(each, "number"))


def listings(account: AcmeAccount, window: Window) -> Sequence[Listing]:
    return [listing(account, "100")]


def authentication(account: AcmeAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"Bearer {account.api_token.reveal()}")


ACME = Vendor(
    name="acme",
    title="Acme Cloud",
    service=("Compute", "Virtual Machines"),
    base_url="https://api.acme.example",
    account_type=AcmeAccount,
    setup=Setup(
        questions={"team": "the team's name, as in its pages' addresses"},
        credentials=(Credential("API token", ("api_token",), "Make it in the team's settings."),),
    ),
    entities=("invoices",),
    remedies={
        401: "The api_token is wrong or deleted: make another in the team's settings.",
        404: "Check team, and that the token is one of its.",
    },
    authentication=authentication,
    listings=listings,
    probe=lambda account: listing(account, "1"),
)
