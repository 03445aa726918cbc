"""OVHcloud: https://api.ovh.com/console, Me: lists of ids, and an answer for each bill, each of its
entries, its debt and its payment. A bill has a link and a password, which change with each request.
"""

from __future__ import annotations

import secrets
from decimal import Decimal

from pendulum import DateTime
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import Refusal, answer, only, vendor_application
from sandbox.model import Invoice, LineItem
from sandbox.money import major, rounded, shortest
from sandbox.vendor import Books, Vendor
from sandbox.vendors.ovhcloud import billing as billing
from sandbox.vendors.ovhcloud.access import Access

LISTS = "/me/bill"
UCENTS = 10**6


class Bills:
    """The routes of bills, and those of refunds, which are made alike."""

    def __init__(self, books: Books, access: Access, kind: str, key_prefix: str) -> None:
        self._books = books
        self._access = access
        self._kind = kind
        self._prefix = key_prefix

    def routes(self) -> list[Route]:
        bill = f"/me/{self._kind}/{{id}}"
        routes = {
            f"/me/{self._kind}": self.identifiers,
            bill: self.bill,
            f"{bill}/details": self.details,
            f"{bill}/details/{{detail}}": self.detail,
            f"{bill}/payment": self.payment,
        }
        return [Route(path, endpoint, methods=["GET"]) for path, endpoint in routes.items()]

    async def identifiers(self, request: Request) -> Response:
        only(request, "date.from", "date.to", "orderId", "category")
        account = self._access.account(request)
        if request.query_params:
            raise Refusal(400, "the sandbox shows all bills alone")
        is_refund = bool(self._prefix)
        return answer(
            [
                each.number
                for each in self._books.invoices("ovhcloud", account)
                if each.key.startswith(billing.REFUND_PREFIX) == is_refund
            ]
        )

    async def bill(self, request: Request) -> Response:
        invoice = self.found(request)
        amounts = invoice.amounts
        document = {
            f"{self._kind}Id": invoice.number,
            "date": _time(invoice.issued_at),
            "orderId": 1000 + invoice.serial,
            "priceWithoutTax": price(amounts.subtotal or Decimal(0), invoice.currency),
            "tax": price(amounts.tax or Decimal(0), invoice.currency),
            "priceWithTax": price(amounts.total, invoice.currency),
            "password": secrets.token_hex(4),
            "pdfUrl": f"https://www.ovh.com/cgi-bin/order/bill.pdf?passwd={secrets.token_hex(4)}",
            "url": f"https://www.ovh.com/cgi-bin/order/bill.cgi?passwd={secrets.token_hex(4)}",
        }
        if self._prefix:
            return answer(document | {"originalBillId": (invoice.number or "").removeprefix("A")})
        return answer(document | {"category": "autorenew"})

    async def details(self, request: Request) -> Response:
        return answer([each.id for each in self.found(request).lines])

    async def detail(self, request: Request) -> Response:
        invoice, wanted = self.found(request), request.path_params["detail"]
        line = next((each for each in invoice.lines if each.id == wanted), None)
        if line is None:
            raise _absent(f"{self._kind}DetailId", wanted)
        return answer(self._entry(invoice, line))

    def _entry(self, invoice: Invoice, line: LineItem) -> dict[str, object]:
        amount = line.amount or Decimal(0)
        entry: dict[str, object] = {
            f"{self._kind}DetailId": line.id,
            "description": line.description,
            "domain": line.resource or "*",
            "quantity": "1",
            "unitPrice": _long_price(amount, invoice.currency),
            "totalPrice": price(amount, invoice.currency),
        }
        if self._prefix:
            return entry
        start, end = invoice.period_start, invoice.period_end
        return entry | {
            "periodStart": start and start.date().isoformat(),
            "periodEnd": end and end.subtract(days=1).date().isoformat(),
        }

    async def debt(self, request: Request) -> Response:
        invoice = self.found(request)
        if invoice.status is None:
            raise _absent("billId", request.path_params["id"])
        total = invoice.amounts.total
        is_open = invoice.state in ("open", "past_due")
        is_unmatured = invoice.status == "UNMATURED"
        nothing = price(Decimal(0), invoice.currency)
        owed = price(total, invoice.currency)
        return answer(
            {
                "debtId": 500 + invoice.serial,
                "orderId": 1000 + invoice.serial,
                "date": _time(invoice.issued_at),
                "dueDate": _time(invoice.due_at),
                "status": invoice.status,
                "amount": owed,
                "dueAmount": owed if is_open and not is_unmatured else nothing,
                "unmaturedAmount": owed if is_unmatured else nothing,
                "pendingAmount": nothing,
                "todoAmount": nothing,
            }
        )

    async def payment(self, request: Request) -> Response:
        invoice = self.found(request)
        if invoice.paid_at is None:
            raise _absent(f"{self._kind}Id", request.path_params["id"])
        return answer(
            {
                "paymentDate": _time(invoice.paid_at),
                "paymentIdentifier": None,
                "paymentType": "creditCard",
            }
        )

    def found(self, request: Request) -> Invoice:
        only(request)
        account = self._access.account(request)
        identifier = request.path_params["id"]
        invoice = self._books.invoice("ovhcloud", account, f"{self._prefix}{identifier}")
        if invoice is None or (not self._prefix and identifier.startswith(billing.REFUND_PREFIX)):
            raise _absent(f"{self._kind}Id", identifier)
        return invoice


def application(books: Books) -> Starlette:
    access = Access(books)
    bills = Bills(books, access, "bill", "")
    refunds = Bills(books, access, "refund", billing.REFUND_PREFIX)
    routes = [
        Route("/auth/time", access.time, methods=["GET"]),
        Route("/auth/oauth2/token", access.token, methods=["POST"]),
        *bills.routes(),
        Route(f"{LISTS}/{{id}}/debt", bills.debt, methods=["GET"]),
        *refunds.routes(),
    ]
    return vendor_application(routes, _describe)


def _describe(refusal: Refusal) -> dict[str, object]:
    described: dict[str, object] = {"message": refusal.detail}
    if refusal.code:
        described |= {"errorCode": refusal.code, "httpCode": str(refusal.status_code)}
    return described


def _absent(name: str, value: str) -> Refusal:
    return Refusal(404, f"The requested object ({name} = {value}) does not exist")


def price(minor: Decimal, currency: str) -> dict[str, object]:
    """Cents as a number that is rounded to them, and in millionths of one."""
    value = major(Decimal(rounded(minor)))
    return {
        "currencyCode": currency,
        "value": shortest(value),
        "text": f"{value} {currency}",
        "priceInUcents": int(minor * UCENTS),
    }


def _long_price(minor: Decimal, currency: str) -> dict[str, object]:
    value = shortest(major(minor))
    return {"currencyCode": currency, "value": value, "text": f"{value} {currency}"}


def _time(moment: DateTime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


OVHCLOUD = Vendor(
    name="ovhcloud",
    profiles=billing.PROFILES,
    account=billing.account,
    timelines=billing.timelines,
    application=application,
    lists=LISTS,
)
