"""Versori: `GET /organisations/{id}/billing/invoices`, by date window.

https://docs.versori.com, GetInvoices of the Organisations API v1. Without dates it answers with the
upcoming invoice; with only one of them the other is guessed by the server, so both are sent, one
listing for each calendar month. The answer is a bare array; other lists of this API are
`{items, next}`, which is accepted too, and a Go server writes an empty list as `null`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Literal

import httpx
import msgspec
import pendulum

from sources.client.asked import ListAnswer
from sources.client.authentication import RequestHeader
from sources.client.client import Client, Parameters
from sources.client.paging import Envelope, Page, linked_pages
from sources.client.redaction import Redactor, Secret
from sources.keys import NO_KEY, UPCOMING, Key, is_object, number, period_key, scalar
from sources.vendor import (
    Account,
    Credential,
    InvoiceFiles,
    Listing,
    Setup,
    Text,
    Vendor,
    VendorSettings,
    Window,
    path_segment,
)

FIRST_RUN_MONTHS = 24


class VersoriAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`start_date` is the first day whose month is fetched; by default 24 months before the first
    run's."""

    organisation_id: Text
    api_key: Secret
    auth_scheme: Literal["Bearer", "JWT"] = "Bearer"
    start_date: date | None = None

    @property
    def identity(self) -> str:
        return self.organisation_id


class VersoriSettings(VendorSettings, kw_only=True, frozen=True):
    """`lookback_months`: so many months, the current one included, are read again on each run."""

    lookback_months: Annotated[int, msgspec.Meta(ge=1)] = 6


class ItemsPage(ListAnswer):
    items: list[msgspec.Raw] | None
    next: str | None = None
    totalCount: int | float | None = None

    @property
    def documents(self) -> Page:
        return self.items or []


Answer = list[msgspec.Raw] | ItemsPage | None


def _documents(answer: Answer) -> Page:
    return answer.documents if isinstance(answer, ItemsPage) else answer or []


def _onward(answer: Answer) -> str | None:
    return answer.next if isinstance(answer, ItemsPage) else None


def _total(answer: Answer) -> int | float | None:
    return answer.totalCount if isinstance(answer, ItemsPage) else None


async def pages(
    account: VersoriAccount, parameters: Parameters, client: Client
) -> AsyncIterator[Page]:
    path = f"/organisations/{path_segment(account.organisation_id)}/billing/invoices"
    first = client.url(path, parameters)

    def follow(onward: str, page: httpx.URL) -> httpx.URL:
        """A link, or a bare cursor: `next` is documented as a string, and no more."""
        if onward.startswith(("http:", "https:", "/", "?")):
            return client.link(onward, page)
        return first.copy_merge_params({"cursor": onward})

    envelope: Envelope[Answer] = Envelope(
        Answer,  # type: ignore[arg-type]
        _documents,
        _onward,
        total=_total,
    )
    async for page in linked_pages(client, first, envelope, follow):
        yield page


def document_key(document: msgspec.Raw) -> Key:
    """There is no id or number: an invoice is known by its period."""
    return period_key(scalar(document, "invoiceStartDate"), scalar(document, "invoiceEndDate"))


def upcoming_key(document: msgspec.Raw) -> Key:
    """The period of what still accrues may move, and it stays the same invoice."""
    return Key(UPCOMING if is_object(document) else NO_KEY, made=True)


def amount(document: bytes | msgspec.Raw) -> str | None:
    """The total as a text that is the same for the same amount."""
    parts = [
        number(document, "totalAmount", name)
        for name in ("isNegative", "integral", "fractional", "currencyCode")
    ]
    return "/".join(part or "" for part in parts) if any(parts) else None


def upcoming(account: VersoriAccount) -> Listing:
    return Listing("upcoming", partial(pages, account, ()), upcoming_key)


def listings(account: VersoriAccount, window: Window) -> Sequence[Listing]:
    """A month that the warehouse holds is read again only while its invoices may still change."""
    months = [
        Listing(
            f"{month:%Y-%m}",
            partial(pages, account, [("from", f"{month}"), ("to", f"{month.end_of('month')}")]),
            document_key,
        )
        for month in _due_months(account, window)
    ]
    return [*months, upcoming(account)]


def _due_months(account: VersoriAccount, window: Window) -> Iterator[pendulum.Date]:
    current = pendulum.instance(window.now).in_timezone("UTC").date().start_of("month")
    recent = current.subtract(months=_lookback_months(window) - 1)
    month = _first_month(account, window)
    while month <= current:
        if window.full_refresh or month >= recent or f"{month:%Y-%m}" not in window.held:
            yield month
        month = month.add(months=1)


def _first_month(account: VersoriAccount, window: Window) -> pendulum.Date:
    if account.start_date is not None:
        start = account.start_date
        return pendulum.date(start.year, start.month, 1)
    # The clock may have been ahead then.
    first_loaded_at = min(window.first_loaded_at or window.now, window.now)
    first_run = pendulum.instance(first_loaded_at).in_timezone("UTC").date()
    return first_run.start_of("month").subtract(months=FIRST_RUN_MONTHS)


def _lookback_months(window: Window) -> int:
    settings = window.settings
    assert isinstance(settings, VersoriSettings)  # noqa: S101
    return settings.lookback_months


def authentication(account: VersoriAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"{account.auth_scheme} {account.api_key.reveal()}")


VERSORI = Vendor(
    name="versori",
    title="Versori",
    service=("Integration", "Other (Integration)"),
    base_url="https://platform.versori.com/api/organisations/v1",
    account_type=VersoriAccount,
    setup=Setup(
        questions={
            "organisation_id": "the organisation's id, in the address of its pages",
            "start_date": "the first day to load, as 2024-01-31; empty: 24 months back",
        },
        credentials=(
            Credential(
                "API key",
                ("api_key",),
                "Make it in the organisation's settings. Versori documents no permission for "
                "billing: make it as a member who sees the invoices there.",
            ),
        ),
    ),
    settings_type=VersoriSettings,
    entities=("invoices",),
    volatile_fields=frozenset({"invoiceURL"}),
    remedies={
        401: "The api_key is wrong or expired, or belongs to the other auth_scheme: API keys are "
        'sent as auth_scheme = "Bearer", signed tokens as "JWT".',
        403: "The api_key may not read this organisation's billing: ask an owner of the "
        "organisation for the permission.",
        404: "Check organisation_id, and base_url.",
    },
    authentication=authentication,
    listings=listings,
    probe=upcoming,
    amount=amount,
    # Stripe's, which it may be a page of; a page is no PDF and isn't kept.
    files=InvoiceFiles(
        "application/pdf",
        lambda account, document: scalar(document, "invoiceURL"),
        hosts=frozenset({"invoice.stripe.com", "pay.stripe.com", "files.stripe.com"}),
    ),
)
