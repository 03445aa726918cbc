"""Linode: https://techdocs.akamai.com/linode-api/reference, get-invoices, get-invoice and
get-invoice-items. Amounts are numbers, and times have no zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, credential, integer, only, vendor_application
from sandbox.model import Account, Invoice, LineItem
from sandbox.money import major, plain, shortest
from sandbox.vendor import Books, Vendor
from sandbox.vendors.linode import billing as billing

LISTS = "/v4/account/invoices"
PAGE_SIZE, SMALLEST_PAGE, LARGEST_PAGE = 100, 25, 500


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        account = _account(books, request)
        listed = books.invoices("linode", account)
        return answer(_page(request, [_document(each, account) for each in listed]))

    async def invoice(request: Request) -> Response:
        only(request)
        account = _account(books, request)
        return answer(_document(_invoice(books, account, request), account))

    async def items(request: Request) -> Response:
        found = _invoice(books, _account(books, request), request)
        return answer(_page(request, [_item(*each, found) for each in enumerate(found.lines)]))

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route(f"{LISTS}/{{invoiceId}}", invoice, methods=["GET"]),
        Route(f"{LISTS}/{{invoiceId}}/items", items, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, object]:
    return {"errors": [{"reason": refusal.detail}]}


def _account(books: Books, request: Request) -> Account:
    accounts = books.accounts("linode")
    token = credential(request, "Bearer")
    owner = next((each for each in accounts if each.settings["api_token"] == token), None)
    if owner is not None:
        return owner
    if any(each.unprivileged["api_token"] == token for each in accounts):
        raise Refusal(403, "Unauthorized")
    raise Refusal(401, "Invalid Token")


def _invoice(books: Books, account: Account, request: Request) -> Invoice:
    found = books.invoice("linode", account, request.path_params["invoiceId"])
    if found is None:
        raise Refusal(404, "Not found")
    return found


def _page(request: Request, entries: Sequence[object]) -> dict[str, object]:
    only(request, "page", "page_size")
    size = integer(request, "page_size", PAGE_SIZE, maximum=LARGEST_PAGE)
    if size < SMALLEST_PAGE:
        raise Refusal(400, f"page_size must be at least {SMALLEST_PAGE}.")
    page, pages = integer(request, "page", 1), max(1, -(-len(entries) // size))
    if page > pages:
        raise Refusal(404, "Not found")
    shown = entries[(page - 1) * size : page * size]
    return {"data": shown, "page": page, "pages": pages, "results": len(entries)}


def _document(invoice: Invoice, account: Account) -> dict[str, object]:
    tax = invoice.amounts.tax or Decimal(0)
    return {
        "id": int(invoice.key),
        "date": _time(invoice.issued_at),
        "label": "Invoice",
        "billing_source": account.profile,
        "subtotal": _dollars(invoice.amounts.subtotal),
        "tax": _dollars(tax),
        "tax_summary": [{"name": "VAT", "tax": _dollars(tax)}] if tax else [],
        "total": _dollars(invoice.amounts.total),
    }


def _item(place: int, line: LineItem, invoice: Invoice) -> dict[str, object]:
    """Ends are last seconds. Some begin within the month, and what has no term states none."""
    start, end = invoice.period
    amount = line.amount or Decimal(0)
    began = start.add(days=9, hours=14, minutes=22, seconds=5) if place % 3 == 1 else start
    has_term = place % 3 != 2
    return {
        "label": line.description,
        "type": "hourly" if has_term else "misc",
        "from": _time(began) if has_term else None,
        "to": _time(end.subtract(seconds=1)) if has_term else None,
        "region": "eu-central" if has_term else None,
        "quantity": int(line.quantity or 1),
        "unit_price": plain(major(amount) / (line.quantity or 1)),
        "amount": _dollars(amount),
        "tax": 0,
        "total": _dollars(amount),
    }


def _dollars(minor: Decimal | None) -> Decimal:
    return shortest(major(minor or Decimal(0)))


def _time(moment: DateTime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S")


LINODE = Vendor(
    name="linode",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
