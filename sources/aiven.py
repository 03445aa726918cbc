"""Aiven: `GET /organization/{organization_id}/invoices`, and each invoice's lines.

https://api.aiven.io/doc (OrganizationBilling). The API by billing groups, which most examples show,
was announced to end in September 2026. The list has no pages; an invoice whose lines Aiven doesn't
give out is answered 501.
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
from sources.client.responses import DETAIL_LIMIT, Nothing
from sources.keys import NO_KEY, Key, id_key, is_object, scalar
from sources.vendor import (
    Account,
    Credential,
    Listing,
    Setup,
    Text,
    Vendor,
    Window,
    path_segment,
)

NO_LINES = Nothing(501, "invoice_lines_not_supported")


class AivenAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    organization_id: Text
    api_token: Secret

    @property
    def identity(self) -> str:
        return self.organization_id

    @property
    def path(self) -> str:
        return f"/organization/{path_segment(self.organization_id)}"


class Invoices(ListAnswer):
    invoices: list[msgspec.Raw]

    @property
    def documents(self) -> Page:
        return self.invoices


class Lines(ListAnswer):
    """The lines don't say whose they are, but each has a type: a list of anything else is no
    answer."""

    lines: list[msgspec.Raw]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(is_object(line) and scalar(line, "line_type") for line in self.lines):
            raise ValueError("there is a line without a `line_type`")

    @property
    def documents(self) -> Page:
        return self.lines


async def _invoices(account: AivenAccount, client: Client) -> AsyncIterator[Page]:
    yield (await client.get(f"{account.path}/invoices", Invoices)).documents


async def _lines(account: AivenAccount, number: str, client: Client) -> AsyncIterator[Page]:
    url = client.url(f"{account.path}/invoice/{path_segment(number)}/lines")
    answer = await client.get_url(url, msgspec.Raw, limit=DETAIL_LIMIT, nothing=NO_LINES)
    read(client, url, answer, Lines)
    yield [answer]


def document_key(document: bytes | msgspec.Raw) -> Key:
    return id_key(document, "invoice_number")


def _all(account: AivenAccount) -> Listing:
    return Listing("all", partial(_invoices, account), document_key)


def listings(account: AivenAccount, window: Window) -> Sequence[Listing]:
    return [_all(account)]


def detail(account: AivenAccount, key: str, document: bytes) -> Listing | None:
    """The lines. `download_only` says that there are none to be had; what Aiven answers decides."""
    if document_key(document).text == NO_KEY:
        return None
    return Listing(key, partial(_lines, account, key), lambda _: Key(key))


def authentication(account: AivenAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"aivenv1 {account.api_token.reveal()}")


AIVEN = Vendor(
    name="aiven",
    title="Aiven",
    service=("Databases", "Other (Databases)"),
    base_url="https://api.aiven.io/v1",
    account_type=AivenAccount,
    setup=Setup(
        questions={"organization_id": "the organization's id, as in its pages' addresses: org…"},
        credentials=(
            Credential(
                "API token",
                ("api_token",),
                "Make it in the Aiven Console, as a user or for an application user who has the "
                "organization's permission organization:billing:read.",
            ),
        ),
    ),
    entities=("invoices", "invoice_details"),
    # Of the older API: whoever has it may download the invoice.
    never_kept=frozenset({"download_cookie"}),
    remedies={
        401: "The api_token is wrong, expired or revoked: compare it with the user's tokens.",
        403: "The token's user lacks the organization's permission organization:billing:read.",
        404: "The token's user isn't in this organization, or lacks organization:billing:read "
        "(Aiven answers 404 then too), or the organization_id is wrong.",
    },
    authentication=authentication,
    listings=listings,
    probe=_all,
    detail=detail,
)
