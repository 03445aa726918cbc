"""DigitalOcean: https://docs.digitalocean.com/reference/api, Billing; numbered pages, and the month
that still accrues beside each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import (
    Refusal,
    answer,
    base_url,
    credential,
    integer,
    only,
    vendor_application,
)
from sandbox.model import Account, Invoice, LineItem
from sandbox.money import major, plain
from sandbox.papers import pdf
from sandbox.vendor import Books, Vendor
from sandbox.vendors.digitalocean import billing as billing

LISTS = "/v2/customers/my/invoices"
IDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
}
PAGE_SIZE, LARGEST_PAGE = 20, 200
# The model of the specification has the other form, with a blank and an offset.
TIME = "%Y-%m-%dT%H:%M:%SZ"


def application(books: Books) -> Starlette:
    readings = count()

    async def invoices(request: Request) -> Response:
        listed = books.invoices("digitalocean", _account(books, request))[::-1]
        issued = [_document(each) for each in listed if not each.upcoming]
        accruing = [_document(each) for each in listed if each.upcoming]
        page = _page(request, "invoices", issued)
        if accruing:
            updated_at = books.now.add(seconds=next(readings))
            page["invoice_preview"] = {**accruing[0], "updated_at": f"{updated_at:{TIME}}"}
        return answer(page)

    async def items(request: Request) -> Response:
        invoice = _invoice(books, request)
        lines = [_item(line, invoice) for line in invoice.lines if not line.credit]
        return answer(_page(request, "invoice_items", lines))

    async def summary(request: Request) -> Response:
        only(request)
        return answer(_summary(_invoice(books, request)))

    async def paper(request: Request) -> Response:
        only(request)
        invoice = _invoice(books, request)
        if invoice.upcoming:
            raise Refusal(404, "The resource you were accessing could not be found.")
        words = f"Invoice {invoice.number}: USD {_amount(invoice.amounts.total)}"
        return Response(pdf(words), media_type="application/pdf")

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route(f"{LISTS}/{{invoice_uuid}}", items, methods=["GET"]),
        Route(f"{LISTS}/{{invoice_uuid}}/summary", summary, methods=["GET"]),
        Route(f"{LISTS}/{{invoice_uuid}}/pdf", paper, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, str]:
    return {"id": IDS.get(refusal.status_code, "error"), "message": refusal.detail}


def _account(books: Books, request: Request) -> Account:
    accounts = books.accounts("digitalocean")
    token = credential(request, "Bearer")
    owner = next((each for each in accounts if each.settings["api_token"] == token), None)
    if owner is not None:
        return owner
    if any(each.unprivileged["api_token"] == token for each in accounts):
        raise Refusal(403, "You do not have access for the attempted action.")
    raise Refusal(401, "Unable to authenticate you")


def _invoice(books: Books, request: Request) -> Invoice:
    wanted = request.path_params["invoice_uuid"]
    for each in books.invoices("digitalocean", _account(books, request)):
        if billing.uuid_of(each.number) == wanted:
            return each
    raise Refusal(404, "The resource you were accessing could not be found.")


def _page(request: Request, name: str, entries: Sequence[object]) -> dict[str, object]:
    """What fits one page comes without `links`."""
    only(request, "page", "per_page")
    page = integer(request, "page", 1)
    size = integer(request, "per_page", PAGE_SIZE, maximum=LARGEST_PAGE)
    last = max(1, -(-len(entries) // size))
    address = base_url(request, "digitalocean") + request.url.path.removeprefix("/digitalocean")
    numbers = {"first": 1, "prev": page - 1} if page > 1 else {}
    if page < last:
        numbers |= {"next": page + 1, "last": last}
    links = {word: f"{address}?page={each}&per_page={size}" for word, each in numbers.items()}
    document: dict[str, object] = {
        name: entries[(page - 1) * size : page * size],
        "meta": {"total": len(entries)},
    }
    if links:
        document["links"] = {"pages": links}
    return document


def _document(invoice: Invoice) -> dict[str, str]:
    return {
        "invoice_uuid": billing.uuid_of(invoice.number),
        "invoice_id": invoice.number or "",
        "amount": _amount(invoice.amounts.total),
        "invoice_period": invoice.period[0].strftime("%Y-%m"),
    }


def _item(line: LineItem, invoice: Invoice) -> dict[str, str]:
    start, end = invoice.period
    form = "%Y-%m-%d %H:%M:%S+00:00" if invoice.serial % 2 else TIME
    item = {
        "product": line.sku,
        "description": line.description,
        "amount": _amount(line.amount or Decimal(0)),
        "duration": plain(line.quantity or Decimal(0)),
        "duration_unit": line.unit,
        "start_time": start.strftime(form),
        "end_time": end.strftime(form),
        "project_name": line.project,
    }
    # Only some resources belong to a group, and some have a number in the place of an id.
    names = ("group_description", "resource_uuid", "resource_id")
    if line.resource:
        item[names[invoice.serial % 3]] = line.resource
        item.setdefault("resource_id", "2353624")
    return item


def _summary(invoice: Invoice) -> dict[str, object]:
    charged = _sum(each for each in invoice.lines if not each.credit)
    credited = _sum(each for each in invoice.lines if each.credit)
    return {
        "invoice_uuid": billing.uuid_of(invoice.number),
        "invoice_id": invoice.number,
        "billing_period": invoice.period[0].strftime("%Y-%m"),
        "amount": _amount(invoice.amounts.total),
        "user_name": "Sammy Shark",
        "user_billing_address": {"address_line1": "101 Shark Row", "city": "Atlantis"},
        "user_company": "Sandbox",
        "user_email": "sammy@example.com",
        "product_charges": {
            "name": "Product usage charges",
            "amount": _amount(charged),
            "items": [{"amount": _amount(charged), "name": "Droplets", "count": "1"}],
        },
        "overages": {"name": "Overages", "amount": "0.00"},
        "taxes": {"name": "Taxes", "amount": _amount(invoice.amounts.tax or Decimal(0))},
        "credits_and_adjustments": {
            "name": "Credits & adjustments",
            "amount": _amount(credited),
        },
    }


def _sum(lines: Iterable[LineItem]) -> Decimal:
    return sum((each.amount or Decimal(0) for each in lines), start=Decimal(0))


def _amount(minor: Decimal) -> str:
    return plain(major(minor))


DIGITALOCEAN = Vendor(
    name="digitalocean",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
