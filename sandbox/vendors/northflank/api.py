"""Northflank: https://northflank.com/docs/v1/api/billing-api.md and, for the older contracts,
team/billing/list-invoices.

An account gets one of three contracts: `legacy` (cents, no id), `cents` (with id and `paid`),
`current` (decimal units; its types are those of the official Python SDK). `transitional` gets
`cents`, or `current` when it asks for `removeLegacyFields`; `empty` is one of `current` that has no
invoices yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import (
    Refusal,
    answer,
    boolean,
    credential,
    integer,
    only,
    vendor_application,
)
from sandbox.model import Account, Invoice
from sandbox.vendor import Books, Vendor
from sandbox.vendors.northflank import billing as billing
from sandbox.vendors.northflank.documents import detail, listed, preview

PAGE_SIZE, LARGEST_PAGE = 50, 100
REQUESTS_PER_HOUR = 1000
RESOURCE_TYPES = ("job", "service", "addon", "volume")
CURRENT_PAGES = ("teamsPage", "projectsPage", "resourcesPage")
CURRENT_SIZES = ("teamsPerPage", "projectsPerPage", "resourcesPerPage")


def application(books: Books) -> Starlette:
    used: Counter[tuple[str, DateTime]] = Counter()

    def headers(account: Account) -> Mapping[str, str]:
        """The quota, told but not enforced, counted per hour of the sandbox's clock."""
        hour = books.now.start_of("hour")
        used[account.name, hour] += 1
        return {
            "x-ratelimit-limit": str(REQUESTS_PER_HOUR),
            "x-ratelimit-remaining": str(max(0, REQUESTS_PER_HOUR - used[account.name, hour])),
            "x-ratelimit-reset": str(int((hour.add(hours=1) - books.now).total_seconds())),
        }

    async def invoices(request: Request) -> Response:
        account = _account(books, request)
        return answer(_list(books, account, request), headers=headers(account))

    async def invoice(request: Request) -> Response:
        account = _account(books, request)
        return answer(_one(books, account, request), headers=headers(account))

    async def details(request: Request) -> Response:
        account = _account(books, request)
        return answer({"data": _at(books, account, request)}, headers=headers(account))

    routes = []
    for path in ("/billing/invoices", "/teams/{teamId}/billing/invoices"):
        routes.append(Route(path, invoices, methods=["GET"]))
        routes.append(Route(f"{path}/details", details, methods=["GET"]))
        routes.append(Route(f"{path}/{{invoiceId}}", invoice, methods=["GET"]))
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, object]:
    error = {
        "status": refusal.status_code,
        "message": refusal.detail,
        "id": "sandbox-error",
        "details": {},
    }
    return {"error": error}


def _account(books: Books, request: Request) -> Account:
    """The token's own account, or the team in the path if the token is the team's."""
    accounts = books.accounts("northflank")
    token = credential(request, "Bearer")
    if token is not None and any(each.unprivileged["api_token"] == token for each in accounts):
        raise Refusal(403, "Missing permission: Account > Billing > General > Read")
    owner = next((each for each in accounts if each.settings["api_token"] == token), None)
    if owner is None:
        raise Refusal(401, "Unauthorized")
    if request.path_params.get("teamId", "") != owner.identity:
        raise Refusal(404, "Team not found")
    return owner


def _contract(account: Account, request: Request) -> str:
    current = boolean(request, "removeLegacyFields", False)
    if account.profile == "transitional":
        return "current" if current else "cents"
    return "current" if account.profile == "empty" else account.profile


def _list(books: Books, account: Account, request: Request) -> dict[str, object]:
    """Callers can't know their contract beforehand, so each contract takes the parameters of all of
    them.
    """
    only(request, "per_page", "perPage", "page", "cursor", "removeLegacyFields")
    if "per_page" in request.query_params and "perPage" in request.query_params:
        raise Refusal(400, "per_page and perPage exclude each other")
    size = integer(request, "per_page", PAGE_SIZE, maximum=LARGEST_PAGE)
    size = integer(request, "perPage", size, maximum=LARGEST_PAGE)
    contract = _contract(account, request)
    newest_first = books.invoices("northflank", account)[::-1]
    if account.profile == "empty":
        return {"data": {}}  # both `invoices` and `pagination` are optional
    start = (integer(request, "page", 1) - 1) * size
    if cursor := request.query_params.get("cursor"):
        start = _position(cursor, newest_first)
    shown = newest_first[start : start + size]
    documents = [listed(each, contract) for each in shown]
    more = start + size < len(newest_first)
    pagination: dict[str, object] = {"hasNextPage": more, "count": len(shown)}
    if more:
        pagination["cursor"] = f"after-{shown[-1].key.replace('/', '.')}"
    single = contract == "legacy-single" and len(documents) == 1
    return {"data": {"invoices": documents[0] if single else documents}, "pagination": pagination}


def _position(cursor: str, newest_first: list[Invoice]) -> int:
    """A cursor holds its place by the invoice that it follows."""
    for position, invoice in enumerate(newest_first):
        if cursor == f"after-{invoice.key.replace('/', '.')}":
            return position + 1
    raise Refusal(400, "Invalid cursor")


def _one(books: Books, account: Account, request: Request) -> dict[str, object]:
    """The current contract pages each level of the hierarchy and has no `pagination`; the one
    before pages the innermost level.
    """
    contract = _contract(account, request)
    current = contract == "current"
    numbers, sizes = (CURRENT_PAGES, CURRENT_SIZES) if current else (("page",), ("per_page",))
    only(request, "teamId", "projectId", "resourceType", "removeLegacyFields", *numbers, *sizes)
    kinds = (*RESOURCE_TYPES, "harness") if current else RESOURCE_TYPES
    if request.query_params.get("resourceType", kinds[0]) not in kinds:
        raise Refusal(400, f"resourceType must be one of {', '.join(kinds)}")
    pages = [integer(request, name, 1) for name in numbers]
    spans = [integer(request, name, PAGE_SIZE, maximum=LARGEST_PAGE) for name in sizes]
    teams = slice((pages[0] - 1) * spans[0], pages[0] * spans[0])
    document = detail(_by_id(books, account, request), contract, teams)
    if current:
        return {"data": document}
    return {"data": document, "pagination": {"hasNextPage": False, "count": 1}}


def _by_id(books: Books, account: Account, request: Request) -> Invoice:
    wanted = request.path_params["invoiceId"]
    for each in books.invoices("northflank", account):
        if each.number == wanted:
            return each
    raise Refusal(404, "Invoice not found")


def _at(books: Books, account: Account, request: Request) -> dict[str, object]:
    """Legacy details: the invoice that holds the timestamp; without one, a preview of what follows
    the last invoice.
    """
    only(request, "timestamp", "removeLegacyFields")
    if not account.profile.startswith("legacy"):
        raise Refusal(404, "Invoice not found")
    invoices = books.invoices("northflank", account)
    if "timestamp" not in request.query_params:
        return preview(invoices, books.now)
    moment = integer(request, "timestamp", 1, maximum=2**33)
    for each in invoices:
        start, end = each.period
        if start.int_timestamp <= moment < end.int_timestamp:
            return detail(each, account.profile)
    raise Refusal(404, "Invoice not found")


NORTHFLANK = Vendor(
    name="northflank",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists="/billing/invoices",
)
