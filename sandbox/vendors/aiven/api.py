"""Aiven: https://api.aiven.io/doc, OrganizationBillingInvoiceList, …InvoiceGet and
…InvoiceLinesList.

`starting_date` and `ending_date` are refused: nobody says which date they are about.
"""

from __future__ import annotations

from decimal import Decimal

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, credential, only, vendor_application
from sandbox.model import Account, Invoice, LineItem
from sandbox.money import major, plain
from sandbox.vendor import Books, Vendor
from sandbox.vendors.aiven import billing as billing

LISTS = "/organization/{organization_id}/invoices"
ONE = "/organization/{organization_id}/invoice/{invoice_number}"
BILLING_GROUP = "b1111111-0000-4000-8000-000000000001"
DOLLARS_PER_EURO = Decimal("1.085")


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        account = _account(books, request)
        only(request, "state", repeated=("state",))
        states = request.query_params.getlist("state")
        listed = books.invoices("aiven", account)[::-1]
        shown = [each for each in listed if not states or each.status in states]
        return answer({"invoices": [_document(each, account) for each in shown]})

    async def invoice(request: Request) -> Response:
        account = _account(books, request)
        only(request)
        return answer(_document(_invoice(books, account, request), account))

    async def lines(request: Request) -> Response:
        account = _account(books, request)
        only(request)
        found = _invoice(books, account, request)
        if not found.lines:
            raise Refusal(501, "Invoice lines not supported", "invoice_lines_not_supported")
        return answer({"lines": [_line(each, found) for each in found.lines]})

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route(ONE, invoice, methods=["GET"]),
        Route(f"{ONE}/lines", lines, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, object]:
    error = {
        "message": refusal.detail,
        "error_code": refusal.code,
        "status": refusal.status_code,
    }
    return {"message": refusal.detail, "errors": [error]}


def _account(books: Books, request: Request) -> Account:
    """Another organization and a missing permission are answered alike."""
    accounts = books.accounts("aiven")
    token = credential(request, "aivenv1")
    owner = next((each for each in accounts if each.settings["api_token"] == token), None)
    if owner is None and all(each.unprivileged["api_token"] != token for each in accounts):
        raise Refusal(401, "Invalid token", "authentication_failed")
    if owner is None or owner.identity != request.path_params["organization_id"]:
        raise Refusal(404, "Organization not found", "organization_not_found")
    return owner


def _invoice(books: Books, account: Account, request: Request) -> Invoice:
    found = books.invoice("aiven", account, request.path_params["invoice_number"])
    if found is None:
        raise Refusal(404, "Invoice not found", "invoice_not_found")
    return found


def _document(invoice: Invoice, account: Account) -> dict[str, object]:
    start, end = invoice.period
    last = end.subtract(seconds=1) if account.profile == "dollars" else end
    amounts = invoice.amounts
    document: dict[str, object] = {
        "billing_group_id": BILLING_GROUP,
        "create_time": _time(invoice.created_at),
        "currency": invoice.currency,
        "download_only": not invoice.lines,
        "invoice_number": invoice.number,
        "invoice_period": {"begin_time": _time(start), "end_time": _time(last)},
        "issue_date": end.date().isoformat(),
        "net": _text(amounts.subtotal or Decimal(0)),
        "net_usd": _dollars(amounts.subtotal or Decimal(0), invoice),
        "organization_id": account.identity,
        "state": invoice.status,
        "total": _text(amounts.total),
        "total_usd": _dollars(amounts.total, invoice),
    }
    if invoice.due_at is not None:
        document["due_date"] = invoice.due_at.date().isoformat()
    return document


def _line(line: LineItem, invoice: Invoice) -> dict[str, object]:
    amount = line.amount or Decimal(0)
    document: dict[str, object] = {
        "line_type": _type(line),
        "description": line.description,
        "currency": invoice.currency,
        "total": _text(amount),
        "total_usd": _dollars(amount, invoice),
    }
    if line.resource:
        start, end = invoice.period
        document |= {
            "begin_time": _time(start),
            "end_time": _time(end),
            "cloud": line.provider,
            "project_id": line.project,
            "service_id": line.resource,
            "service_type": line.sku,
            "plan": line.description.split(" ")[1],
            "tags": {"team": "shop"},
        }
    return document


def _type(line: LineItem) -> str:
    if line.credit:
        return "credit_consumption"
    if line.resource:
        return "service_charge"
    return "rounding" if line.description == "Rounding" else "extra_charge"


def _text(minor: Decimal) -> str:
    return plain(major(minor))


def _dollars(minor: Decimal, invoice: Invoice) -> str:
    """As Aiven has priced it before it billed it in the local currency."""
    rate = 1 if invoice.currency == "USD" else DOLLARS_PER_EURO
    return plain((major(minor) * rate).quantize(Decimal("0.01")))


def _time(moment: DateTime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


AIVEN = Vendor(
    name="aiven",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
