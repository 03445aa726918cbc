"""Northflank: `GET /billing/invoices`, or of a team, and each invoice's details.

https://northflank.com/docs/v1/api/billing-api, and the two contracts before it. Which one answers
depends on the account; `removeLegacyFields` asks for the current one. In the oldest an invoice has
no id, and its details are found by a timestamp inside its period; `data.invoices` is a list, or
by its documentation one object.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import httpx
import msgspec

from sources.client.asked import NULL, ListAnswer, canonical, is_like, is_of, read
from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.limits import Rate
from sources.client.paging import Envelope, Page, parameter_pages
from sources.client.redaction import Redactor, Secret
from sources.client.responses import DETAIL_LIMIT
from sources.keys import Key, id_key, is_object, number, period_key, scalar
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

# What tells an invoice from others where there is no id.
IDENTITY = (("period", "start"), ("period", "end"), ("total",))
CURRENT_CONTRACT = ("removeLegacyFields", "true")


class NorthflankAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """With `team_id` the team's invoices, else those of the token's own account."""

    api_token: Secret
    team_id: Text | None = None

    @property
    def identity(self) -> str:
        return self.team_id or "default"

    @property
    def invoices_path(self) -> str:
        team = f"/teams/{path_segment(self.team_id)}" if self.team_id else ""
        return f"{team}/billing/invoices"


Data = dict[str, msgspec.Raw]


class Pagination(msgspec.Struct, rename="camel"):
    has_next_page: bool
    cursor: str | None = None
    count: int | float | None = None

    def __post_init__(self) -> None:
        if self.has_next_page and not self.cursor:
            raise ValueError("there is a next page, but no `cursor` that leads to it")


class InvoicesPage(ListAnswer):
    """The official types make `invoices` and `pagination` optional. Without `invoices` the list is
    empty only where nothing else stands in its place: an error would close every document. `count`
    is that of the documents on this page; here it only tells an empty page that should not be."""

    data: Data
    pagination: Pagination | None = None

    def __post_init__(self) -> None:
        if "invoices" in self.data:
            if bytes(self.data["invoices"])[:1] not in (b"[", b"{"):
                raise ValueError("`invoices` is neither a list nor an object")
        elif self.data or self.error != NULL:
            raise ValueError("there is no `invoices`, but something else")
        super().__post_init__()
        count, listed = self.pagination and self.pagination.count, len(self.documents)
        if count and count > 0 and not listed:
            raise ValueError(f"`count` says that there are {count:g} invoices, not {listed}")

    @property
    def documents(self) -> Page:
        invoices = self.data.get("invoices", msgspec.Raw(b"[]"))
        if bytes(invoices)[:1] == b"{":
            return [invoices]
        return msgspec.json.decode(invoices, type=list[msgspec.Raw])

    @property
    def cursor(self) -> str | None:
        pagination = self.pagination
        return pagination.cursor if pagination and pagination.has_next_page else None


class DetailAnswer(msgspec.Struct):
    data: msgspec.Raw


class Detail(msgspec.Struct, rename="camel"):
    """What makes a detail more than a listed invoice; each of them may be absent."""

    line_items: list[msgspec.Raw] | None = None
    discounts: dict[str, msgspec.Raw] | None = None
    tax: dict[str, msgspec.Raw] | None = None


INVOICES = Envelope(InvoicesPage, lambda page: page.documents, lambda page: page.cursor)


def _all(account: NorthflankAccount, size: str) -> Listing:
    def pages(client: Client) -> AsyncIterator[Page]:
        # Only the current contract's name of the page size goes along: `per_page` beside it could
        # be refused, and an older contract that ignores it sends pages of 50.
        parameters = [CURRENT_CONTRACT, ("perPage", size)]
        return parameter_pages(client, account.invoices_path, INVOICES, "cursor", parameters)

    return Listing("all", pages, document_key)


def document_key(document: msgspec.Raw) -> Key:
    """Never the total, which may be corrected."""
    key = id_key(document)
    if not key.made:
        return key
    return period_key(scalar(document, "period", "start"), scalar(document, "period", "end"))


def amount(document: bytes | msgspec.Raw) -> str | None:
    """Tells invoices of one period apart, and is no part of a key."""
    return number(document, "total")


def listings(account: NorthflankAccount, window: Window) -> Sequence[Listing]:
    return [_all(account, "100")]


def probe(account: NorthflankAccount) -> Listing:
    return _all(account, "1")


def detail(account: NorthflankAccount, key: str, document: bytes) -> Listing | None:
    """Line items, discounts and tax. None for what has neither an id nor a period."""
    path = account.invoices_path
    identifier = scalar(document, "id")
    start = _timestamp(document)
    if identifier:
        path += f"/{path_segment(identifier)}"
        parameters = [CURRENT_CONTRACT]
    elif start:
        path += "/details"
        parameters = [("timestamp", start)]
    else:
        return None

    async def pages(client: Client) -> AsyncIterator[Page]:
        url = client.url(path, parameters)
        data = (await client.get_url(url, DetailAnswer, limit=DETAIL_LIMIT)).data
        if identifier and is_object(data) and scalar(data, "id"):
            is_of(client, url, data, identifier)
        else:
            is_like(client, url, data, document, IDENTITY)
        read(client, url, data, Detail)
        yield [data]

    told_by = None if identifier else tuple(_canonical(document, *path) for path in IDENTITY)
    return Listing(key, pages, lambda _: Key(key), told_by)


def _timestamp(document: bytes) -> str | None:
    """Where an invoice's period begins, in whole Unix seconds: the documentation calls them a
    float, and the parameter is an integer."""
    start = number(document, "period", "start") or ""
    seconds = re.fullmatch(r"(\d+)(?:\.\d+)?", start)
    if seconds:
        return seconds[1]
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        return None
    return str(int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()))


def _canonical(document: bytes, *path: str) -> object:
    value = scalar(document, *path)
    return None if value is None else canonical(value)


def authentication(account: NorthflankAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"Bearer {account.api_token.reveal()}")


NORTHFLANK = Vendor(
    name="northflank",
    title="Northflank",
    service=("Web", "Application Platforms"),
    base_url="https://api.northflank.com/v1",
    account_type=NorthflankAccount,
    setup=Setup(
        questions={"team_id": "the team whose invoices to load; empty: your own account's"},
        credentials=(
            Credential(
                "API token",
                ("api_token",),
                "Make it under Account settings > API > Tokens, with a role that has Account > "
                "Billing > General > Read (of an organisation: Admin > Billing > Read).",
            ),
        ),
    ),
    entities=("invoices", "invoice_details"),
    remedies={
        401: "The api_token is wrong, expired or deleted: compare it with the account's tokens.",
        403: "The token's role lacks a permission: Account > Billing > General > Read, or "
        "Organisation > Admin > Billing > Read.",
        404: "Check team_id, and that the token belongs to this team.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    detail=detail,
    amount=amount,
    # https://northflank.com/docs/v1/api/use-the-api
    rate=Rate(1000, 3600),
)
