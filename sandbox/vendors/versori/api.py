"""Versori: https://docs.versori.com, GetInvoices of the Organisations API; months by `from` and
`to`, no identifiers.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, base_url, credential, day, only, vendor_application
from sandbox.model import Account, Invoice
from sandbox.money import rounded
from sandbox.papers import Papers
from sandbox.vendor import Books, Vendor
from sandbox.vendors.versori import billing as billing

LISTS = "/organisations/{organisation_id}/billing/invoices"
PAGE_SIZE = 1
CODES = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found"}


def application(books: Books) -> Starlette:
    papers = Papers("versori", partial(_find, books))

    async def invoices(request: Request) -> Response:
        account = _account(books, request)
        paged = account.profile == "paged"
        only(request, "from", "to", *(["cursor"] if paged else []))
        listed = _selected(books, account, request)
        if paged:
            return answer(_page(listed, request, papers))
        return answer([_document(each, papers.link(request, each)) for each in listed])

    routes = [Route(LISTS, invoices, methods=["GET"]), papers.route()]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, str]:
    code = CODES.get(refusal.status_code, "method_not_allowed")
    return {"code": code, "message": refusal.detail}


def _account(books: Books, request: Request) -> Account:
    """The organisation in the path, if the key is its own and came under the scheme that goes with
    it.
    """
    accounts = books.accounts("versori")
    owner = next(
        (
            each
            for each in accounts
            if each.settings["api_key"] == credential(request, each.settings["auth_scheme"])
        ),
        None,
    )
    if owner is None:
        raise Refusal(401, "authentication is required")
    organisation = request.path_params["organisation_id"]
    if all(each.identity != organisation for each in accounts):
        raise Refusal(404, "organisation not found")
    if owner.identity != organisation:
        raise Refusal(403, "missing permission organisation.manage_billing")
    return owner


def _selected(books: Books, account: Account, request: Request) -> list[Invoice]:
    """Without dates the upcoming invoice; with them the issued ones whose stated period touches the
    window.
    """
    first, last = day(request, "from"), day(request, "to")
    invoices = books.invoices("versori", account)
    if first is None and last is None:
        return [each for each in invoices if each.upcoming]
    last = last or books.now.date()
    first = first or books.now.subtract(months=1).date()
    if first > last:
        raise Refusal(400, "from must not be after to")
    return [each for each in invoices if not each.upcoming and _touches(each, first, last)]


def _touches(invoice: Invoice, first: date, last: date) -> bool:
    start, end = invoice.stated_period
    return start <= last and end >= first


def _page(listed: list[Invoice], request: Request, papers: Papers) -> dict[str, object]:
    """The envelope of the API's other lists; `next` and `prev` are addresses, empty at the ends."""
    cursor = request.query_params.get("cursor", "0")
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) > len(listed):
        raise Refusal(400, "invalid cursor")
    start = int(cursor)
    dates = [(name, value) for name, value in request.query_params.items() if name != "cursor"]
    address = base_url(request, "versori") + request.url.path.removeprefix("/versori")

    def link(position: int) -> str:
        return f"{address}?{urlencode([*dates, ('cursor', position)])}"

    following = start + PAGE_SIZE
    return {
        "totalCount": len(listed),
        "next": link(following) if following < len(listed) else "",
        "prev": link(max(0, start - PAGE_SIZE)) if start else "",
        "items": [_document(each, papers.link(request, each)) for each in listed[start:following]],
    }


def _find(books: Books, name: str) -> Invoice | None:
    """Several accounts may have one of the same period; their files look alike."""
    key = name.replace("_", "/")
    each_account = (books.invoice("versori", each, key) for each in books.accounts("versori"))
    return next((found for found in each_account if found is not None), None)


def _document(invoice: Invoice, link: str) -> dict[str, object]:
    start, end = invoice.stated_period
    document: dict[str, object] = {
        "invoiceStartDate": start.isoformat(),
        "invoiceEndDate": end.isoformat(),
        "totalAmount": _money(invoice.amounts.total, invoice.currency),
        "invoiceURL": "" if invoice.upcoming else link,
        "productBreakdowns": [
            {
                "productName": line.description,
                "quantity": int(line.quantity or 1),
                "total": _money(line.amount or Decimal(0), invoice.currency),
            }
            for line in invoice.lines
        ],
        "usageStatistics": {"executions": 1_000 + 37 * invoice.serial},
        "metaData": {"plan": "scale"},
    }
    if invoice.serial % 6 == 4:
        document["currencyCode"] = invoice.currency
    return document


def _money(minor: Decimal, currency: str) -> dict[str, object]:
    """A sign, whole pounds and whole pence: 0.05 is integral 0, fractional 5."""
    integral, fractional = divmod(abs(rounded(minor)), 100)
    return {
        "isNegative": minor < 0,
        "currencyCode": currency,
        "integral": integral,
        "fractional": fractional,
    }


VERSORI = Vendor(
    name="versori",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
    start_setting="start_date",
)
