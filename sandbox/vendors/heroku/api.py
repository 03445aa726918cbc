"""Heroku: https://devcenter.heroku.com/articles/platform-api-reference, Invoice and Team Invoice;
lists in ranges, cents as numbers, and dates in two spellings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, credential, only, vendor_application
from sandbox.model import Account, Invoice
from sandbox.money import shortest
from sandbox.vendor import Books, Vendor
from sandbox.vendors.heroku import billing as billing

LISTS = "/account/invoices"
VERSION = "application/vnd.heroku+json; version=3"
# Heroku's own is 200: here a list of a year has several.
RANGE_SIZE = 10
RANGE = re.compile(r"id \](?P<last>[0-9a-f-]{36})\.\.; max=(?P<size>[1-9][0-9]{0,2})")
IDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    416: "requested_range_not_satisfiable",
}


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        only(request)
        account = _account(books, request)
        # A team's admin has invoices of an own, of which the sandbox has none.
        own = books.invoices("heroku", account) if account.profile == "user" else []
        return _ranged(request, [_document(each, account, books.now) for each in own])

    async def team_invoices(request: Request) -> Response:
        only(request)
        account = _account(books, request)
        if account.identity != request.path_params["team"]:
            raise Refusal(404, "Couldn't find that team.")
        listed = books.invoices("heroku", account)
        return _ranged(request, [_document(each, account, books.now) for each in listed])

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route("/teams/{team}/invoices", team_invoices, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, str]:
    return {"id": IDS.get(refusal.status_code, "error"), "message": refusal.detail}


def _account(books: Books, request: Request) -> Account:
    if request.headers.get("accept") != VERSION:
        raise Refusal(406, f"Set the header Accept: {VERSION}.")
    accounts = books.accounts("heroku")
    token = credential(request, "Bearer")
    owner = next((each for each in accounts if each.settings["api_token"] == token), None)
    if owner is not None:
        return owner
    if any(each.unprivileged["api_token"] == token for each in accounts):
        raise Refusal(403, "You do not have access to these invoices.")
    raise Refusal(401, "Invalid credentials provided.")


def _ranged(request: Request, documents: Sequence[dict[str, object]]) -> Response:
    """Ascending by id; 206 where more follow."""
    last, size = "", RANGE_SIZE
    asked = request.headers.get("range")
    if asked is not None:
        match = RANGE.fullmatch(asked)
        if match is None:
            raise Refusal(416, "Invalid Range header.")
        last, size = match["last"], int(match["size"])
    ascending = sorted(documents, key=lambda each: str(each["id"]))
    rest = [each for each in ascending if str(each["id"]) > last]
    if len(rest) <= size:
        return answer(rest)
    shown = rest[:size]
    headers = {
        "Content-Range": f"id {shown[0]['id']}..{shown[-1]['id']}; max={size}",
        "Next-Range": f"id ]{shown[-1]['id']}..; max={size}",
    }
    return answer(shown, 206, headers=headers)


def _document(invoice: Invoice, account: Account, now: DateTime) -> dict[str, object]:
    """A user's period ends with the next one's first day, and a team's with its last day; that of
    the running month is today.
    """
    start, end = invoice.period
    charges = invoice.amounts.subtotal or Decimal(0)
    document: dict[str, object] = {
        "id": invoice.key,
        "number": int(invoice.number or 0),
        "charges_total": shortest(charges),
        "credits_total": shortest(charges - invoice.amounts.total),
        "total": shortest(invoice.amounts.total),
        "state": billing.NUMBERS[invoice.status or "pending"],
        "created_at": _time(invoice.created_at),
        "updated_at": _time(min(now, invoice.updated_at)),
    }
    is_team = account.profile == "team"
    until = now if invoice.upcoming else end.subtract(days=1) if is_team else end
    form = "%m/%d/%Y" if is_team else "%Y-%m-%d"
    document |= {"period_start": start.strftime(form), "period_end": until.strftime(form)}
    if is_team:
        document |= {
            "addons_total": 0,
            "database_total": 0,
            "platform_total": shortest(charges),
            "payment_status": billing.word(invoice, account),
            "dyno_units": Decimal("1.92"),
            "weighted_dyno_hours": 1488,
        }
    return document


def _time(moment: DateTime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


HEROKU = Vendor(
    name="heroku",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
