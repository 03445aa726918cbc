"""Fastly: https://www.fastly.com/documentation/reference/api/account/billing/, ListInvoices,
GetInvoiceByInvoiceId and GetMonthToDateInvoice, with the fields of the official clients.
"""

from __future__ import annotations

from decimal import Decimal

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, integer, only, vendor_application
from sandbox.model import Account, Invoice, LineItem
from sandbox.money import major, plain, shortest
from sandbox.vendor import Books, Vendor
from sandbox.vendors.fastly import billing as billing

LISTS = "/billing/v3/invoices"
PAGE_SIZE, LARGEST_PAGE = 100, 200
MESSAGES = {
    400: "Bad request",
    401: "Provided credentials are missing or invalid",
    403: "You are not authorized to perform this action",
    404: "Record not found",
}


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        only(request, "billing_start_date", "billing_end_date", "limit", "cursor")
        if "billing_start_date" in request.query_params or "billing_end_date" in (
            request.query_params
        ):
            raise Refusal(400, "the sandbox shows all invoices, of whatever dates")
        listed = _issued(books, _account(books, request))[::-1]
        size = integer(request, "limit", PAGE_SIZE, maximum=LARGEST_PAGE)
        start = _place(request.query_params.get("cursor", ""))
        more = start + size < len(listed)
        meta = {
            "limit": size,
            "next_cursor": f"from-{start + size}" if more else "",
            "sort": "billing_start_date",
            "total": len(listed),
        }
        shown = [_document(each) for each in listed[start : start + size]]
        return answer({"data": shown, "meta": meta})

    async def invoice(request: Request) -> Response:
        only(request)
        for each in _issued(books, _account(books, request)):
            if each.number == request.path_params["invoice_id"]:
                return answer(_document(each))
        raise Refusal(404, "no such invoice")

    async def month_to_date(request: Request) -> Response:
        only(request)
        for each in books.invoices("fastly", _account(books, request)):
            if each.upcoming:
                return answer(_month_to_date(each))
        return answer({})

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route(f"{LISTS}/month-to-date", month_to_date, methods=["GET"]),
        Route(f"{LISTS}/{{invoice_id}}", invoice, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, str]:
    message = MESSAGES.get(refusal.status_code, "Request failed")
    return {"msg": message, "detail": refusal.detail}


def _account(books: Books, request: Request) -> Account:
    accounts = books.accounts("fastly")
    key = request.headers.get("fastly-key", "")
    if key in [each.unprivileged["api_token"] for each in accounts]:
        raise Refusal(403, "the user has no role that reads invoices")
    owner = next((each for each in accounts if each.settings["api_token"] == key), None)
    if owner is None:
        raise Refusal(401, "no such token")
    return owner


def _issued(books: Books, account: Account) -> list[Invoice]:
    return [each for each in books.invoices("fastly", account) if not each.upcoming]


def _place(cursor: str) -> int:
    number = cursor.removeprefix("from-")
    if cursor and not (cursor.startswith("from-") and number.isdecimal()):
        raise Refusal(400, "cursor is not one that was given")
    return int(number or 0)


def _document(invoice: Invoice) -> dict[str, object]:
    return {
        "customer_id": invoice.account,
        "invoice_id": invoice.number,
        "statement_number": f"S{invoice.number}",
        "invoice_posted_on": f"{invoice.issued_at:%Y-%m-%dT%H:%M:%SZ}",
        **_period(invoice),
        "currency_code": invoice.currency,
        "monthly_transaction_amount": shortest(major(invoice.amounts.total)),
        "transaction_line_items": [_line(each) for each in invoice.lines],
    }


def _month_to_date(invoice: Invoice) -> dict[str, object]:
    """Its amount is a text, it has no currency, and its lines no coupons."""
    lines = [_line(each) for each in invoice.lines]
    for each in lines:
        del each["credit_coupon_code"]
    return {
        "customer_id": invoice.account,
        "invoice_id": invoice.number,
        **_period(invoice),
        "monthly_transaction_amount": plain(major(invoice.amounts.total)),
        "transaction_line_items": lines,
    }


def _period(invoice: Invoice) -> dict[str, str]:
    """Nobody says how it ends: clients have the last day's midnight and its last second."""
    start, end = invoice.period
    ends: tuple[DateTime, ...] = (end.subtract(days=1), end.subtract(seconds=1), end)
    stated = ends[invoice.serial % len(ends)]
    return {
        "billing_start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "billing_end_date": f"{stated:%Y-%m-%dT%H:%M:%SZ}",
    }


def _line(line: LineItem) -> dict[str, object]:
    return {
        "description": line.description,
        "amount": shortest(major(line.amount or Decimal(0))),
        "credit_coupon_code": "WELCOME" if line.credit else "",
        "rate": line.unit_price or 0,
        "units": line.quantity or 0,
        "product_name": line.sku,
        "product_group": line.project,
        "product_line": "Network Services",
        "region": "North America" if line.project else "",
        "usage_type": line.unit,
    }


FASTLY = Vendor(
    name="fastly",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
