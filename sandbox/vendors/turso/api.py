"""Turso: https://docs.turso.tech/api-reference/organizations/invoices.md; no paging, amounts as
formatted text.
"""

from __future__ import annotations

from functools import partial

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, credential, only, vendor_application
from sandbox.model import Account, Invoice
from sandbox.money import major, plain
from sandbox.papers import Papers
from sandbox.vendor import Books, Vendor
from sandbox.vendors.turso import billing as billing

LISTS = "/v1/organizations/{organizationSlug}/invoices"
TYPES = ("all", "upcoming", "issued")


def application(books: Books) -> Starlette:
    papers = Papers("turso", partial(_find, books))

    async def invoices(request: Request) -> Response:
        account = _account(books, request)
        only(request, "type")
        kind = request.query_params.get("type", "issued")
        if kind not in TYPES:
            raise Refusal(400, f"invalid invoice type: {kind}")
        listed = [
            each
            for each in reversed(books.invoices("turso", account))
            if kind == "all" or each.upcoming == (kind == "upcoming")
        ]
        documents = [_document(each, account, papers.link(request, each)) for each in listed]
        # The official types make `invoices` optional, and the SDK guards against null.
        if account.profile == "absent":
            return answer({})
        return answer({"invoices": documents or None})

    routes = [Route(LISTS, invoices, methods=["GET"]), papers.route()]
    return vendor_application(routes, lambda refusal: {"error": refusal.detail})


def _account(books: Books, request: Request) -> Account:
    """The organisation in the path, if the token is its own."""
    accounts = books.accounts("turso")
    token = credential(request, "Bearer")
    owner = next((each for each in accounts if each.settings["api_token"] == token), None)
    if owner is None:
        raise Refusal(401, "could not authenticate request: invalid token")
    slug = request.path_params["organizationSlug"]
    if all(each.identity != slug for each in accounts):
        raise Refusal(404, "organization not found")
    if owner.identity != slug:
        raise Refusal(403, "not a member of organization")
    return owner


def _find(books: Books, name: str) -> Invoice | None:
    each_account = (books.invoice("turso", each, name) for each in books.accounts("turso"))
    return next((found for found in each_account if found is not None), None)


def _document(invoice: Invoice, account: Account, link: str) -> dict[str, object]:
    full = account.profile == "full"
    document: dict[str, object] = {
        "invoice_number": invoice.number or "",
        "amount_due": _amount(invoice, formatted=not full),
        "due_date": _time(invoice.due_at),
        "paid_at": _time(invoice.paid_at),
        "payment_failed_at": _time(invoice.payment_failed_at),
        "invoice_pdf": "" if invoice.upcoming else link,
    }
    if full:
        document["status"] = invoice.status
        document["hosted_invoice_url"] = (
            f"https://portal.withorb.com/view?token=sandbox-{link.rpartition('=')[2]}"
        )
    elif invoice.upcoming:
        # No number at all, as opposed to an empty one.
        del document["invoice_number"]
    if invoice.serial % 5 == 3:
        document["billing_reason"] = "subscription_cycle"
    return document


def _amount(invoice: Invoice, *, formatted: bool) -> str:
    """Dollars as text: `1234.56`, or as Orb prints it for people, `$1,234.56`."""
    amount = major(invoice.amounts.total)
    return f"${amount:,.2f}" if formatted else plain(amount)


def _time(moment: DateTime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


TURSO = Vendor(
    name="turso",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
