"""Northflank's invoices as JSON, in each contract: decimal units in `current`, cents in `cents` and
`legacy`.
"""

from __future__ import annotations

from decimal import Decimal

from pendulum import DateTime

from sandbox.model import Invoice, LineItem
from sandbox.money import major, shortest

_WHOLE = slice(None)
_TEAM = {"id": "sandbox-team", "name": "Sandbox"}
_CLUSTERS = [{"id": "sandbox-cluster", "name": "Sandbox", "price": {"total": 0}}]


def listed(invoice: Invoice, contract: str) -> dict[str, object]:
    """A row of the list."""
    if contract.startswith("legacy"):
        return _legacy(invoice)
    document: dict[str, object] = {
        "id": invoice.number,
        "period": _period(invoice),
        "currency": invoice.currency.lower(),
        "total": _amount(invoice.amounts.total, contract),
    }
    if contract == "current":
        document |= _optional(invoice)
    else:
        document["subTotal"] = _amount(invoice.amounts.subtotal, contract)
        document["paasUsage"] = {"price": _price(invoice, contract)}
        if _states_paid(invoice):
            document["paid"] = invoice.state == "paid"
    if invoice.serial % 6 == 2:
        document["reference"] = f"sandbox-{invoice.serial}"
    return document


def detail(invoice: Invoice, contract: str, teams: slice = _WHOLE) -> dict[str, object]:
    """One invoice with its lines, discounts and tax, and the spend by team (those of the page that
    was asked for) and cluster.
    """
    amounts = invoice.amounts
    document = listed(invoice, contract)
    document["subTotal"] = _amount(amounts.subtotal, contract)
    document["lineItems"] = [_line(line, contract) for line in invoice.lines]
    if contract.startswith("legacy"):
        usage = {"usage": {"price": _price(invoice, contract)}}
        document["paasUsage"] = {"price": _price(invoice, contract), "teams": [_TEAM | usage]}
        document["discount"] = _amount(amounts.discount, contract)
        document["tax"] = {
            "percent": amounts.tax_percent,
            "value": _amount(amounts.tax, contract),
        }
        return document
    spend = {"price": _price(invoice, contract)}
    for name in ("paas", "paasUsage"):
        if name in document:
            document[name] = {**spend, "teams": [_TEAM | spend][teams]}
    if "byoc" in document:
        document["byoc"] = {"price": {"total": 0}, "clusters": _CLUSTERS}
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


def _optional(invoice: Invoice) -> dict[str, object]:
    """What is optional in the current contract, most of it known to no other: an invoice that
    doesn't state its status carries one thing alone.
    """
    scope = {"entityId": _TEAM["id"], "entityType": "team"}
    fee = {"price": {"total": 0}, "usage": {"hours": Decimal("730.5")}}
    if invoice.status is None:
        alone = (("scope", scope), ("egressIp", fee), ("loadBalancer", fee))
        return dict(alone[invoice.serial // 4 % 3 : invoice.serial // 4 % 3 + 1])
    paas = {"price": _price(invoice, "current"), "usage": {"vcpuHours": Decimal("12.25")}}
    marks: dict[str, object] = {
        "status": invoice.status,
        "subTotal": _amount(invoice.amounts.subtotal, "current"),
        "scope": scope,
        "paas": paas,
    }
    if invoice.serial % 5 == 2:
        byoc = {"price": {"total": 0}, "usage": {"clusterHours": 0, "vcpuHours": 0}}
        marks |= {"byoc": byoc, "egressIp": fee, "loadBalancer": fee}
    return marks


def _price(invoice: Invoice, contract: str) -> dict[str, object]:
    total = _amount(invoice.amounts.subtotal, contract)
    return {"total": total, "cpu": total, "gpu": 0, "memory": 0, "storage": 0}


def _line(line: LineItem, contract: str) -> dict[str, object]:
    total = _amount(line.amount, contract)
    document: dict[str, object] = {"title": line.description, "total": total}
    if contract.startswith("legacy"):
        return document
    return document | {"base": total, "proration": 0}


def _period(invoice: Invoice, *, last_second: bool = False) -> dict[str, int]:
    """Unix seconds; the legacy contract ends a period with its last second."""
    start, end = invoice.period
    last = end.int_timestamp - (1 if last_second else 0)
    return {"start": start.int_timestamp, "end": last}


def _amount(minor: Decimal | None, contract: str) -> Decimal | None:
    if minor is None:
        return None
    return shortest(major(minor) if contract == "current" else minor)
