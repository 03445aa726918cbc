"""CockroachDB Cloud: the specification in the official Go SDK, ListInvoices and GetInvoice. Amounts
are doubles, as a program that adds them up writes them: 0.1 and 0.2 are 0.30000000000000004.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, credential, only, vendor_application
from sandbox.model import Account, Invoice, LineItem
from sandbox.money import major
from sandbox.vendor import Books, Vendor
from sandbox.vendors.cockroachdb import billing as billing

LISTS = "/api/v1/invoices"
# Those of gRPC.
CODES = {400: 3, 401: 16, 403: 7, 404: 5}
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        only(request, "status", "start_time", "end_time")
        for name in ("start_time", "end_time"):
            if not TIME.fullmatch(request.query_params.get(name, "2026-01-01T00:00:00Z")):
                raise Refusal(400, f"{name} must be a time")
        status = request.query_params.get("status")
        if status not in (None, "DRAFT", "FINALIZED"):
            raise Refusal(400, "status must be DRAFT or FINALIZED")
        shown = [
            _document(each)
            for each in _documents(books, _account(books, request))
            if status in (None, each[0].status)
        ]
        return answer({"invoices": shown, "pagination": None})

    async def invoice(request: Request) -> Response:
        only(request)
        for each in _documents(books, _account(books, request)):
            if each[0].document == request.path_params["invoice_id"]:
                return answer(_document(each))
        raise Refusal(404, "invoice not found")

    routes = [
        Route(LISTS, invoices, methods=["GET"]),
        Route(f"{LISTS}/{{invoice_id}}", invoice, methods=["GET"]),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, object]:
    code = CODES.get(refusal.status_code, 2)
    return {"code": code, "message": refusal.detail, "details": []}


def _account(books: Books, request: Request) -> Account:
    accounts = books.accounts("cockroachdb")
    key = credential(request, "Bearer")
    if any(each.unprivileged["secret_key"] == key for each in accounts):
        raise Refusal(403, "the service account has no role that reads invoices")
    owner = next((each for each in accounts if each.settings["secret_key"] == key), None)
    if owner is None:
        raise Refusal(401, "the bearer token cannot be authenticated")
    return owner


def _documents(books: Books, account: Account) -> list[list[Invoice]]:
    """By start, ascending, as the specification has it: what is of one month, in all currencies."""
    found: dict[str, list[Invoice]] = {}
    for each in books.invoices("cockroachdb", account):
        found.setdefault(each.document, []).append(each)
    return list(found.values())


def _document(parts: Sequence[Invoice]) -> dict[str, object]:
    start, end = parts[0].period
    lines = [(each, part.currency) for part in parts for each in part.lines]
    usage = [each for each in lines if not each[0].credit]
    clusters = sorted({line.resource for line, _ in usage})
    return {
        "invoice_id": parts[0].document,
        "status": parts[0].status,
        "period_start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "period_end": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "totals": [_amount((line.amount for line in part.lines), part.currency) for part in parts],
        "balances": [_amount([Decimal(100_000)], part.currency) for part in parts],
        "invoice_items": [
            _cluster(name, [each for each in usage if each[0].resource == name])
            for name in clusters
        ],
        "adjustments": [
            {"name": line.description, "amount": _amount([line.amount], currency)}
            for line, currency in lines
            if line.credit
        ],
        "folder_resources": [],
    }


def _cluster(name: str, lines: Sequence[tuple[LineItem, str]]) -> dict[str, object]:
    labels = {key: values[0] for line, _ in lines for key, values in line.tags.items()}
    return {
        "cluster": {
            "id": f"id-{name}" if name else "",
            "name": name,
            "plan": lines[0][0].sku or "ADVANCED",
            "cloud_provider": "GCP",
            "labels": labels,
            "parent_id": "root",
        },
        "totals": [
            _amount((line.amount for line, each in lines if each == currency), currency)
            for currency in sorted({each for _, each in lines})
        ],
        "line_items": [
            {
                "description": line.description,
                "quantity": line.quantity or 0,
                "quantity_unit": line.unit or "HOURS",
                "unit_cost": line.unit_price or 0,
                "total": _amount([line.amount], currency),
            }
            for line, currency in lines
        ],
    }


def _amount(minor: Iterable[Decimal | None], currency: str) -> dict[str, object]:
    """The sum as a program gets it that adds doubles up."""
    total = sum((float(major(each or Decimal(0))) for each in minor), start=0.0)
    return {"amount": Decimal(repr(total)), "currency": currency}


COCKROACHDB = Vendor(
    name="cockroachdb",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
