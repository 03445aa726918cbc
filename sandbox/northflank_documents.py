"""Northflank's invoices as JSON, in each contract: decimal units in `current`, cents in `cents` and
`legacy`.
"""

from __future__ import annotations

from decimal import Decimal

from pendulum import DateTime

from sandbox.model import Invoice
from sandbox.money import major, shortest


def listed(invoice: Invoice, contract: str) -> dict[str, object]:
    """A row of the list."""
    if contract.startswith("legacy"):
        return _legacy(invoice)
    document: dict[str, object] = {
        "id": invoice.number,
        "period": _period(invoice),
        "currency": invoice.currency.lower(),
        "total": _amount(invoice.amounts.total, contract),
        "subTotal": _amount(invoice.amounts.subtotal, contract),
    }
    usage = _amount(invoice.amounts.subtotal, contract)
    if contract == "current":
        document["status"] = invoice.status or _stripe_status(invoice)
        document["paas"] = {"total": usage, "categories": {"compute": {"total": usage}}}
    else:
        document["paasUsage"] = {"price": {"total": usage, "cpu": usage}}
        if _states_paid(invoice):
            document["paid"] = invoice.state == "paid"
    if invoice.serial % 6 == 2:
        document["reference"] = f"sandbox-{invoice.serial}"
    return document


def detail(invoice: Invoice, contract: str) -> dict[str, object]:
    """One invoice with its lines, discounts and tax."""
    amounts = invoice.amounts
    document = listed(invoice, contract)
    document["lineItems"] = [
        {"title": line.description, "total": _amount(line.amount, contract)}
        for line in invoice.lines
    ]
    if contract.startswith("legacy"):
        document["subTotal"] = _amount(amounts.subtotal, contract)
        document["discount"] = _amount(amounts.discount, contract)
        document["tax"] = {
            "percent": amounts.tax_percent,
            "value": _amount(amounts.tax, contract),
        }
        return document
    document["discounts"] = {"total": _amount(amounts.discount, contract)}
    document["tax"] = {"percent": amounts.tax_percent, "amount": _amount(amounts.tax, contract)}
    return document


def preview(invoices: list[Invoice], now: DateTime) -> dict[str, object]:
    """The legacy contract's preview: what has accrued since the last invoice."""
    ends = [each.period_end for each in invoices if each.period_end is not None]
    start = max(ends).int_timestamp if ends else now.start_of("month").int_timestamp
    return {
        "period": {"start": start, "end": now.int_timestamp},
        "lineItems": [{"title": "Compute", "total": Decimal("1234.5")}],
        "subTotal": Decimal("1234.5"),
        "discount": 0,
        "tax": {"percent": 20, "value": Decimal("246.9")},
        "total": Decimal("1481.4"),
    }


def _legacy(invoice: Invoice) -> dict[str, object]:
    document: dict[str, object] = {
        "period": _period(invoice, last_second=True),
        "total": _amount(invoice.amounts.total, "legacy"),
    }
    if _states_paid(invoice):
        document["paid"] = invoice.state == "paid"
    return document


def _states_paid(invoice: Invoice) -> bool:
    """`paid` is optional: every ninth invoice doesn't say."""
    return invoice.serial % 9 != 4


def _stripe_status(invoice: Invoice) -> str:
    words = {"written_off": "uncollectible", "failed": "payment_failed"}
    return words.get(invoice.state, invoice.state)


def _period(invoice: Invoice, *, last_second: bool = False) -> dict[str, int]:
    """Unix seconds; the legacy contract ends a period with its last second."""
    start, end = invoice.period
    last = end.int_timestamp - (1 if last_second else 0)
    return {"start": start.int_timestamp, "end": last}


def _amount(minor: Decimal | None, contract: str) -> Decimal | None:
    if minor is None:
        return None
    return shortest(major(minor) if contract == "current" else minor)
