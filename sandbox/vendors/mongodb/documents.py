"""MongoDB's invoices as JSON: the metadata that a list gives, and the full invoice with lines,
payments and refunds.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from pendulum import DateTime
from starlette.requests import Request

from sandbox.answers import base_url
from sandbox.model import Account, Invoice, LineItem
from sandbox.money import rounded, shortest

LINKED_ORGANISATION = "f" * 24


def metadata(
    invoice: Invoice, account: Account, request: Request, api: str, *, linked: bool
) -> dict[str, object]:
    """A row of the list. `linked` embeds the invoices that the organisation pays for others."""
    address = f"{base_url(request, 'mongodb')}/api/{api}/orgs/{account.identity}/invoices"
    document: dict[str, object] = {
        "amountBilledCents": invoice.total,
        "amountPaidCents": invoice.paid,
        "created": _time(invoice.created_at),
        "creditsCents": invoice.credit,
        "endDate": _time(invoice.period_end),
        "id": invoice.key,
        "links": [{"href": f"{address}/{invoice.key}", "rel": "self"}],
        "orgId": account.identity,
        "salesTaxCents": invoice.tax,
        "startDate": _time(invoice.period_start),
        "startingBalanceCents": invoice.starting_balance,
        "statusName": invoice.status,
        "subtotalCents": invoice.subtotal,
        "updated": _time(invoice.updated_at),
    }
    if invoice.credit is None:
        del document["creditsCents"]
    if invoice.status == "CHARGE_FAILED":
        # The one page of Cloud Manager's manual that knows this word names the field differently.
        document["status"] = document.pop("statusName")
    if invoice.serial % 5 == 1:
        document["billingFrequency"] = "MONTHLY"
    if api == "atlas/v2":
        document["linkedInvoices"] = (
            [_linked(invoice)] if linked and invoice.serial % 3 == 0 else []
        )
    return document


def detail(invoice: Invoice, account: Account, request: Request, api: str) -> dict[str, object]:
    """The full invoice."""
    document = metadata(invoice, account, request, api, linked=api == "atlas/v2")
    document["lineItems"] = [_line(line, invoice) for line in invoice.lines]
    document["payments"] = [
        {
            "id": payment.id,
            "amountBilledCents": rounded(payment.amount),
            "amountPaidCents": rounded(payment.amount) if payment.status == "PAID" else 0,
            "subtotalCents": invoice.subtotal,
            "salesTaxCents": invoice.tax,
            "created": _time(payment.created_at),
            "updated": _time(payment.created_at),
            "currency": invoice.currency,
            "unitPrice": "1.0",
            "statusName": payment.status,
        }
        for payment in invoice.payments
    ]
    document["refunds"] = [
        {
            "amountCents": rounded(refund.amount),
            "created": _time(refund.created_at),
            "paymentId": refund.payment_id,
            "reason": refund.reason,
        }
        for refund in invoice.refunds
    ]
    return document


def _line(line: LineItem, invoice: Invoice) -> dict[str, object]:
    """`totalPriceCents` is before the discount; what doesn't apply to a line is left out."""
    net = line.amount or Decimal(0)
    stated: dict[str, object] = {
        "sku": line.sku,
        "unit": line.unit,
        "quantity": line.quantity,
        "unitPriceDollars": None if line.unit_price is None else shortest(line.unit_price),
        "totalPriceCents": rounded(net + line.discount),
        "discountCents": rounded(line.discount) or None,
        "percentDiscount": 10 if line.discount else None,
        "clusterName": line.resource,
        "groupId": line.project and line.project.encode().hex().ljust(24, "0")[:24],
        "groupName": line.project,
        "note": line.description if line.credit or not line.unit else "",
        "tags": {name: list(values) for name, values in line.tags.items()},
        "cloudProvider": line.provider,
        "created": _time(invoice.created_at),
        "startDate": _time(invoice.period_start),
        "endDate": _time(invoice.period_end),
    }
    return {name: value for name, value in stated.items() if value not in (None, "", {})}


def _linked(invoice: Invoice) -> dict[str, object]:
    """The invoice of an organisation that this one pays for, which also gets it itself."""
    return {
        "amountBilledCents": rounded(invoice.amounts.total / 2),
        "amountPaidCents": rounded(invoice.amounts.total / 2) if invoice.paid else 0,
        "created": _time(invoice.created_at),
        "endDate": _time(invoice.period_end),
        "id": f"{'e' if invoice.key[0] != 'e' else 'd'}{invoice.key[1:]}",
        "linkedInvoices": [],
        "links": [],
        "orgId": LINKED_ORGANISATION,
        "startDate": _time(invoice.period_start),
        "statusName": invoice.status,
        "subtotalCents": rounded(invoice.amounts.total / 2),
        "updated": _time(invoice.updated_at),
    }


@lru_cache(maxsize=4096)
def _time(moment: DateTime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
