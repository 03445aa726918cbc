"""MongoDB: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2, and the API's versions before
it.

`/api/atlas/v2` wants a dated media type; `/api/atlas/v1.0` and Cloud Manager's `/api/public/v1.0`
speak plain JSON.
"""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from io import StringIO

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, only, vendor_application
from sandbox.model import Account, Invoice
from sandbox.money import major, plain
from sandbox.vendor import Books, Vendor
from sandbox.vendors.mongodb import billing as billing
from sandbox.vendors.mongodb.access import Access
from sandbox.vendors.mongodb.documents import detail
from sandbox.vendors.mongodb.pages import LIST_PARAMETERS, Pages, rendered

MEDIA_TYPE = "application/vnd.atlas.2023-01-01+json"
APIS = ("atlas/v2", "atlas/v1.0", "public/v1.0")

Endpoint = Callable[[Request], Awaitable[Response]]


def application(books: Books) -> Starlette:
    access = Access(books)
    pages = Pages(books)
    routes = [Route("/api/oauth/token", access.token, methods=["POST"])]
    for api in APIS:
        path = f"/api/{api}/orgs/{{orgId}}/invoices"
        many, one = _list(access, pages, api), _detail(access, books, api)
        routes.append(Route(path, many, methods=["GET"]))
        routes.append(Route(f"{path}/{{invoiceId}}", one, methods=["GET"]))
        if api != "atlas/v2":
            routes.append(Route(f"{path}/", many, methods=["GET"]))
            routes.append(Route(f"{path}/{{invoiceId}}/", one, methods=["GET"]))
        if api != "public/v1.0":  # Cloud Manager documents none
            lines = _csv(access, books, api)
            routes.append(Route(f"{path}/{{invoiceId}}/csv", lines, methods=["GET"]))
    return vendor_application(routes, _describe)


def _list(access: Access, pages: Pages, api: str) -> Endpoint:
    async def invoices(request: Request) -> Response:
        account = access.account(request, service_accounts=api == "atlas/v2")
        media_type = _media_type(request, api)
        parameters = LIST_PARAMETERS if api == "atlas/v2" else LIST_PARAMETERS[:5]
        only(request, *parameters, repeated=("statusNames",))
        return Response(pages.page(account, request, api), media_type=media_type)

    return invoices


def _detail(access: Access, books: Books, api: str) -> Endpoint:
    async def invoice(request: Request) -> Response:
        account = access.account(request, service_accounts=api == "atlas/v2")
        media_type = _media_type(request, api)
        only(request, "envelope", "pretty")
        found = _find(books, account, request.path_params["invoiceId"])
        document = detail(found, account, request, api)
        return Response(rendered(document, request), media_type=media_type)

    return invoice


def _csv(access: Access, books: Books, api: str) -> Endpoint:
    async def lines(request: Request) -> Response:
        account = access.account(request, service_accounts=api == "atlas/v2")
        accepted = MEDIA_TYPE.replace("json", "csv") if api == "atlas/v2" else "text/csv"
        if request.headers.get("accept") != accepted:
            raise Refusal(406, "The Accept header names no version of this file.", "NOT_ACCEPTABLE")
        found = _find(books, account, request.path_params["invoiceId"])
        rows = [["Date", "SKU", "Description", "Amount"]]
        for line in found.lines:
            amount = "" if line.amount is None else plain(major(line.amount))
            rows.append([f"{found.period_start:%Y-%m-%d}", line.sku, line.description, amount])
        text = StringIO()
        csv.writer(text).writerows(rows)
        return Response(text.getvalue(), media_type=accepted)

    return lines


def _find(books: Books, account: Account, identifier: str) -> Invoice:
    found = books.invoice("mongodb", account, identifier)
    if found is not None:
        return found
    raise Refusal(404, f"No invoice exists with ID {identifier}.", "INVOICE_NOT_FOUND")


def _media_type(request: Request, api: str) -> str:
    """What the answer is called; version 2 refuses callers that don't name the version they
    understand.
    """
    if api != "atlas/v2":
        return "application/json"
    accepted = request.headers.get("accept", "").split(",")
    if all(each.partition(";")[0].strip() != MEDIA_TYPE for each in accepted):
        raise Refusal(406, "The Accept header names no version of this resource.", "NOT_ACCEPTABLE")
    return f"{MEDIA_TYPE};charset=utf-8"


def _describe(refusal: Refusal) -> dict[str, object]:
    reason = HTTPStatus(refusal.status_code).phrase
    return {
        "detail": refusal.detail,
        "error": refusal.status_code,
        "errorCode": refusal.code or reason.upper().replace(" ", "_"),
        "parameters": [],
        "reason": reason,
    }


MONGODB = Vendor(
    name="mongodb",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists="/api/atlas/v2/orgs/{orgId}/invoices",
)
