"""Scaleway: https://www.scaleway.com/en/developers/api/billing, ListInvoices, GetInvoice and
ListCharges, with the fields of the official Go SDK.
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
from sandbox.money import major
from sandbox.vendor import Books, Vendor
from sandbox.vendors.scaleway import billing as billing

LISTS = "/billing/v2beta1/invoices"
PAGE_SIZE, LARGEST_PAGE = 20, 100
NANOS = 1_000_000_000
TYPES = {400: "invalid_arguments", 401: "denied_authentication", 403: "permissions_denied"}


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        only(request, "organization_id", "order_by", "page", "page_size")
        account = _account(books, request)
        if request.query_params.get("order_by", "start_date_asc") != "start_date_asc":
            raise Refusal(400, "the sandbox knows no order_by but start_date_asc")
        listed = books.invoices("scaleway", account)
        size = integer(request, "page_size", PAGE_SIZE, maximum=LARGEST_PAGE)
        start = (integer(request, "page", 1) - 1) * size
        shown = [_document(each, account) for each in listed[start : start + size]]
        return answer({"total_count": len(listed), "invoices": shown})

    async def invoice(request: Request) -> Response:
        only(request)
        owner = _owner(books, request)
        return answer(_document(_invoice(books, owner, request.path_params["id"]), owner))

    async def charges(request: Request) -> Response:
        only(request, "organization_id", "invoice_ids", "page_token", "page_size")
        account = _account(books, request)
        wanted = request.query_params.get("invoice_ids")
        if wanted is None:
            raise Refusal(400, "the sandbox shows the charges of one invoice alone")
        found = _invoice(books, account, wanted)
        size = integer(request, "page_size", PAGE_SIZE, maximum=LARGEST_PAGE)
        start = _place(request.query_params.get("page_token", ""))
        shown = found.lines[start : start + size]
        more = start + size < len(found.lines)
        return answer(
            {
                "charges": [_charge(each, found, account) for each in shown],
                "next_page_token": f"from-{start + size}" if more else "",
            }
        )

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route(f"{LISTS}/{{id}}", invoice, methods=["GET"]),
        Route("/billing/v2beta1/charges", charges, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, str]:
    return {
        "type": TYPES.get(refusal.status_code, "not_found"),
        "message": refusal.detail,
    }


def _owner(books: Books, request: Request) -> Account:
    accounts = books.accounts("scaleway")
    key = request.headers.get("x-auth-token", "")
    if key in [each.unprivileged["secret_key"] for each in accounts]:
        raise Refusal(403, "insufficient permissions")
    owner = next((each for each in accounts if each.settings["secret_key"] == key), None)
    if owner is None:
        raise Refusal(401, "authentication is denied")
    return owner


def _account(books: Books, request: Request) -> Account:
    """The key's organization, which has to be named."""
    owner = _owner(books, request)
    if request.query_params.get("organization_id") != owner.identity:
        raise Refusal(403, "insufficient permissions")
    return owner


def _invoice(books: Books, account: Account, identifier: str) -> Invoice:
    found = books.invoice("scaleway", account, identifier)
    if found is None:
        raise Refusal(404, "resource is not found")
    return found


def _place(token: str) -> int:
    number = token.removeprefix("from-")
    if token and not (token.startswith("from-") and number.isdecimal()):
        raise Refusal(400, "page_token is not one that was given")
    return int(number or 0)


def _document(invoice: Invoice, account: Account) -> dict[str, object]:
    """A period ends with its last microsecond; discounts are negative."""
    start, end = invoice.period
    amounts = invoice.amounts
    charged, discount = amounts.subtotal or Decimal(0), amounts.discount or Decimal(0)
    return {
        "id": invoice.key,
        "organization_id": account.identity,
        "organization_name": account.name,
        "start_date": _time(start),
        "stop_date": _time(end.subtract(microseconds=1)),
        "billing_period": _time(start),
        "issued_date": _time(invoice.issued_at),
        "due_date": _time(invoice.due_at),
        "total_untaxed": money(charged - discount),
        "total_taxed": money(amounts.total),
        "total_tax": money(amounts.tax or Decimal(0)),
        "total_discount": money(-discount),
        "total_undiscount": money(charged),
        "type": "credit_note" if amounts.total < 0 else "periodic",
        "state": invoice.status,
        "number": int(invoice.number or 0),
        "seller_name": "Scaleway",
    }


def _charge(line: LineItem, invoice: Invoice, account: Account) -> dict[str, object]:
    start, end = invoice.period
    return {
        "organization_id": account.identity,
        "organization_name": account.name,
        "project_id": f"project-{line.project}",
        "project_name": line.project,
        "sku": line.sku,
        "invoice_id": invoice.key,
        "resource_id": line.id,
        "resource_name": line.resource or None,
        "price": money(line.amount or Decimal(0)),
        "start_date": _time(start),
        "end_date": _time(end.subtract(microseconds=1)),
        "updated_at": _time(invoice.updated_at),
    }


def money(minor: Decimal) -> dict[str, object]:
    """Cents as whole euros and billionths of one, both with the same sign."""
    nanos = int(major(minor) * NANOS)
    sign = -1 if nanos < 0 else 1
    units, rest = divmod(abs(nanos), NANOS)
    return {"currency_code": "EUR", "units": sign * units, "nanos": sign * rest}


def _time(moment: DateTime | None) -> str | None:
    if moment is None:
        return None
    return moment.strftime(f"%Y-%m-%dT%H:%M:%S{'.%f' if moment.microsecond else ''}Z")


SCALEWAY = Vendor(
    name="scaleway",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
