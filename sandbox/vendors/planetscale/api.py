"""PlanetScale: https://planetscale.com/docs/api/reference, list_invoices, get_invoice and
get_invoice_line_items.

A server writes an amount in one way. `former` writes numbers, as the specification did before 2026.
`oauth` keeps to the present one: totals as text, subtotals as numbers. `service-token` writes text
throughout, and so does `by-id`, whose subtotals may be null: the official CLI reads both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, base_url, integer, only, vendor_application
from sandbox.model import Account, Invoice, LineItem
from sandbox.money import major, plain, shortest
from sandbox.vendor import Books, Vendor
from sandbox.vendors.planetscale import billing as billing

LISTS = "/organizations/{organization}/invoices"
CODES = {400: "invalid_params", 401: "unauthorized", 404: "not_found", 405: "bad_request"}
PAGE_SIZE, LARGEST_PAGE = 25, 100

Entry = TypeVar("Entry")


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        account = _account(books, request)
        listed = books.invoices("planetscale", account)[::-1]
        return answer(_page(request, listed, lambda each, _: _document(each, account)))

    async def invoice(request: Request) -> Response:
        account = _account(books, request)
        only(request)
        return answer(_document(_invoice(books, account, request), account))

    async def line_items(request: Request) -> Response:
        account = _account(books, request)
        found = _invoice(books, account, request)

        def document(line: LineItem, place: int) -> dict[str, object]:
            return _line(line, place, found, account)

        return answer(_page(request, found.lines, document))

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route(f"{LISTS}/{{id}}", invoice, methods=["GET"]),
        Route(f"{LISTS}/{{id}}/line-items", line_items, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, str]:
    code = CODES.get(refusal.status_code, "unprocessable")
    return {"code": code, "message": refusal.detail}


def _account(books: Books, request: Request) -> Account:
    """A service token comes bare, as `ID:TOKEN`; an OAuth token as a Bearer. Both lack of
    permission and another organisation read as "Not Found".
    """
    accounts = books.accounts("planetscale")
    given = request.headers.get("authorization", "")
    organization = request.path_params["organization"]
    owner = next((each for each in accounts if given == _authorization(each)), None)
    if owner is None and all(
        given != f"Bearer {each.unprivileged['oauth_token']}" for each in accounts
    ):
        raise Refusal(401, "Unauthorized")
    if owner is None or owner.identity != organization:
        raise Refusal(404, "Not Found")
    return owner


def _authorization(account: Account) -> str:
    settings = account.settings
    if "oauth_token" in settings:
        return f"Bearer {settings['oauth_token']}"
    return f"{settings['service_token_id']}:{settings['service_token']}"


def _invoice(books: Books, account: Account, request: Request) -> Invoice:
    found = books.invoice("planetscale", account, request.path_params["id"])
    if found is None:
        raise Refusal(404, "Not Found")
    return found


def _page(
    request: Request, entries: Sequence[Entry], document: Callable[[Entry, int], object]
) -> dict[str, object]:
    only(request, "page", "per_page")
    page = integer(request, "page", 1)
    size = integer(request, "per_page", PAGE_SIZE, maximum=LARGEST_PAGE)
    start = (page - 1) * size
    following = page + 1 if start + size < len(entries) else None
    preceding = page - 1 if page > 1 else None
    address = base_url(request, "planetscale") + request.url.path.removeprefix("/planetscale")

    def link(number: int | None) -> str | None:
        return None if number is None else f"{address}?page={number}&per_page={size}"

    shown = enumerate(entries[start : start + size], start)
    return {
        "type": "list",
        "current_page": page,
        "per_page": size,
        "next_page": following,
        "next_page_url": link(following),
        "prev_page": preceding,
        "prev_page_url": link(preceding),
        "data": [document(entry, place) for place, entry in shown],
    }


def _document(invoice: Invoice, account: Account) -> dict[str, object]:
    """The former shape states the total as a number and not whether it is paid; periods come as
    dates or as times.
    """
    start, end = invoice.period
    total = major(invoice.amounts.total)
    former = account.profile == "former"
    document: dict[str, object] = {
        "id": invoice.key,
        "total": shortest(total) if former else plain(total),
        "billing_period_start": start.date().isoformat(),
        "billing_period_end": end.subtract(days=1).date().isoformat(),
    }
    if former:
        document["billing_period_start"] = start.strftime("%Y-%m-%dT%H:%M:%SZ")
        document["billing_period_end"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        return document
    if account.profile == "oauth":
        last = end.subtract(seconds=1)
        document["billing_period_start"] = start.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        document["billing_period_end"] = last.strftime("%Y-%m-%dT%H:%M:%S.999Z")
    document["paid"] = invoice.state == "paid"
    document["overdue"] = invoice.state == "past_due"
    if invoice.serial % 7 == 5:
        document["type"] = "Invoice"
    return document


def _line(line: LineItem, place: int, invoice: Invoice, account: Account) -> dict[str, object]:
    started = invoice.period[0].strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "id": line.id,
        "subtotal": _subtotal(line.amount, account),
        "description": line.description,
        "metric_name": line.sku,
        "cloudflare_billed": account.profile == "oauth" and place % 11 == 10,
        "database_id": f"db-{line.project}",
        "database_name": line.project,
        "resource": {
            "id": f"res-{line.resource}",
            "name": line.resource,
            "created_at": started,
            "updated_at": started,
            "deleted_at": started if place % 4 == 3 else None,
        },
    }


def _subtotal(minor: Decimal | None, account: Account) -> str | Decimal | None:
    if minor is None:
        return None
    number = account.profile in ("former", "oauth")
    return shortest(major(minor)) if number else plain(major(minor))


PLANETSCALE = Vendor(
    name="planetscale",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
