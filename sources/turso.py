"""Turso: `GET /v1/organizations/{slug}/invoices?type=`, without paging.

https://docs.turso.tech/api-reference/organizations/invoices. The default of `type` is not
documented, and with `all` an upcoming invoice can't be told from an issued one, so both kinds are
asked for separately.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

import httpx
import msgspec

from sources.client.asked import ListAnswer, read
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.paging import Page
from sources.client.redaction import Redactor, Secret
from sources.keys import UPCOMING, Key, id_key, is_object, number, scalar
from sources.vendor import (
    Account,
    Credential,
    InvoiceFiles,
    Listing,
    Setup,
    Text,
    Vendor,
    Window,
    path_segment,
)


class TursoAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    organization: Text
    api_token: Secret

    @property
    def identity(self) -> str:
        return self.organization


class Envelope(ListAnswer):
    """The official SDK guards against `null`, which a list without invoices may be."""

    invoices: list[msgspec.Raw] | None

    @property
    def documents(self) -> Page:
        return self.invoices or []


async def pages(account: TursoAccount, kind: str, client: Client) -> AsyncIterator[Page]:
    path = f"/v1/organizations/{path_segment(account.organization)}/invoices"
    url = client.url(path, [("type", kind)])
    answer = await client.get_url(url, msgspec.Raw)
    # The official types let the list be absent. It is empty only where nothing stands in its place:
    # an error that comes with status 200 would close every document.
    is_empty = not read(client, url, answer, dict[str, msgspec.Raw])
    yield [] if is_empty else read(client, url, answer, Envelope).documents


def issued_key(document: msgspec.Raw) -> Key:
    return id_key(document, "invoice_number")


def upcoming_key(document: msgspec.Raw) -> Key:
    """An upcoming invoice may not be numbered yet."""
    key = issued_key(document)
    return Key(UPCOMING, made=True) if key.made and is_object(document) else key


def amount(document: bytes | msgspec.Raw) -> str | None:
    return number(document, "amount_due")


def listings(account: TursoAccount, window: Window) -> Sequence[Listing]:
    return [
        Listing("issued", partial(pages, account, "issued"), issued_key),
        Listing("upcoming", partial(pages, account, "upcoming"), upcoming_key),
    ]


def probe(account: TursoAccount) -> Listing:
    return Listing("upcoming", partial(pages, account, "upcoming"), upcoming_key)


def authentication(account: TursoAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"Bearer {account.api_token.reveal()}")


TURSO = Vendor(
    name="turso",
    title="Turso",
    service=("Databases", "Relational Databases"),
    base_url="https://api.turso.tech",
    account_type=TursoAccount,
    setup=Setup(
        questions={"organization": "the organization's slug, as `turso org list` shows it"},
        credentials=(
            Credential(
                "organization API token",
                ("api_token",),
                "Make it in the Turso CLI, as a member of the organization: `turso auth api-tokens "
                "mint --org <slug> billhouse`. A group token doesn't reach invoices.",
            ),
        ),
    ),
    entities=("invoices",),
    volatile_fields=frozenset({"invoice_pdf", "hosted_invoice_url"}),
    remedies={
        401: "The api_token is wrong or revoked: make one for the organization "
        "(turso auth api-tokens mint --org) and configure it as api_token.",
        403: "The api_token may not read this organization's invoices: use an organization token, "
        "not a group token, of a member of the organization.",
        404: "Check the organization's slug (turso org list).",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    amount=amount,
    files=InvoiceFiles(
        "application/pdf",
        lambda account, document: scalar(document, "invoice_pdf"),
        hosts=frozenset({"assets.withorb.com"}),
    ),
)
