"""A stand-in for Acme Cloud's API: strict, with invented invoices."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, credential, integer, only, vendor_application
from sandbox.courses import Step, course, draw, pick, play
from sandbox.model import Account, Amounts, Invoice, Timeline
from sandbox.money import major, plain
from sandbox.vendor import Books, Vendor

LISTS = "/v1/invoices"
COURSES = (
    course("paid", Step(0, "open"), Step(20, "paid")),
    course("open", Step(0, "open")),
)
WORDS = {"upcoming": "draft"}


def account(seed: int, number: int) -> Account:
    name = f"acme-{number + 1}"
    settings = {"name": name, "team": f"team-{number + 1}", "api_token": f"acme-{seed}-{number}"}
    return Account("acme", name, "usual", settings["team"], settings)


def timelines(
    account: Account, serial: int, month: DateTime, random: Random, offset: int
) -> list[Timeline]:
    end = month.add(months=1)
    issued = Invoice(
        vendor="acme",
        account=account.name,
        key=f"A-{serial + 1}",
        number=f"A-{serial + 1}",
        period_start=month,
        period_end=end,
        currency="EUR",
        amounts=Amounts(draw(random, "usual")),
        state="open",
        status=None,
        serial=serial,
        created_at=month,
        updated_at=end,
        issued_at=end,
    )
    draft = replace(issued, state="upcoming", issued_at=None)
    steps = pick(COURSES, serial, offset).steps
    return [play(steps, draft=draft, issued=issued, start=month, end=end)]


def application(books: Books) -> Starlette:
    async def invoices(request: Request) -> Response:
        only(request, "team", "page", "size")
        owner = _account(books, request)
        listed = books.invoices("acme", owner)[::-1]
        page = integer(request, "page", 1)
        size = integer(request, "size", 20, maximum=100)
        shown = listed[(page - 1) * size : page * size]
        following = page + 1 if page * size < len(listed) else None
        return answer({"invoices": [_document(each) for each in shown], "next_page": following})

    routes = [Route(LISTS, invoices, methods=["GET"])]
    return vendor_application(routes, lambda refusal: {"error": refusal.detail})


def _account(books: Books, request: Request) -> Account:
    token = credential(request, "Bearer")
    for each in books.accounts("acme"):
        if each.settings["api_token"] == token:
            if request.query_params.get("team") != each.identity:
                raise Refusal(404, "no such team")
            return each
    raise Refusal(401, "invalid token")


def _document(invoice: Invoice) -> dict[str, object]:
    start, end = invoice.period
    return {
        "number": invoice.number,
        "from": start.date().isoformat(),
        "to": end.subtract(days=1).date().isoformat(),
        "total": plain(major(invoice.amounts.total)),
        "currency": invoice.currency,
        "state": WORDS.get(invoice.state, invoice.state),
    }


ACME = Vendor(
    name="acme",
    profiles=("usual",),
    account=account,
    timelines=timelines,
    application=application,
    lists=LISTS,
)
