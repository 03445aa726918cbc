"""The vendors' specifications as one, narrowed where chance would make a server that can't exist.

What a mock invents for it is still lawful by the originals.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sandbox.registry import VENDORS

FOLDER = Path(__file__).parent / "specifications"
IDENTIFIER = "5f0e6d1b2c3a4f5e6d7c8b9a"
ONE_ID = {"type": "string", "enum": [IDENTIFIER]}
NO_PAGE = {"type": "integer", "nullable": True, "enum": [None]}

# By the schema's property. A mock knows no last page.
ALWAYS: dict[str, dict[str, Any]] = {
    "next_page": NO_PAGE,
    "next_page_url": {"type": "string", "nullable": True, "enum": [None]},
    "hasNextPage": {"type": "boolean", "enum": [False]},
    "rel": {"type": "string", "enum": ["self"]},
    "pages": {"type": "object", "properties": {}, "additionalProperties": False},
    "total_count": {"type": "integer", "enum": [0]},
    "next_page_token": {"type": "string", "enum": [""]},
    "next_cursor": {"type": "string", "enum": [""]},
}


def _text(*pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": "".join(pattern)}


def _day(year: str) -> str:
    return rf"{year}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"


TIME = "T(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
DECIMAL = _text(r"-?(0|[1-9][0-9]{0,5})\.[0-9]{2}")
# Also as JavaScript adds them up.
NUMBERS = [0, 1200, 69.22, -0.01, 0.1, 1481.4, 12.345, 69.22000000000001, 0.30000000000000004, 4e3]
NUMBER = {"type": "number", "enum": NUMBERS}
WHOLE = {"type": "integer", "minimum": -10_000_000, "maximum": 10_000_000}
# Where a specification says "text" or "number" and means more, most values mean it.
MOSTLY: dict[str, dict[str, Any]] = {
    "amount_due": DECIMAL,
    "due_date": _text(_day("20[12][0-9]"), TIME),
    "paid_at": _text(_day("20[12][0-9]"), TIME),
    "payment_failed_at": _text(_day("20[12][0-9]"), TIME),
    "billing_period_start": _text(_day("2024")),
    "billing_period_end": _text(_day("2025"), TIME),
    "startDate": _text(_day("2024"), TIME),
    "endDate": _text(_day("2025"), TIME),
    "invoiceStartDate": _text(_day("2024")),
    "invoiceEndDate": _text(_day("2025")),
    "start": {"type": "integer", "minimum": 1_600_000_000, "maximum": 1_700_000_000},
    "end": {"type": "integer", "minimum": 1_700_000_001, "maximum": 1_800_000_000},
    "currency": {"type": "string", "enum": ["usd", "EUR", "GBP"]},
    "currencyCode": {"type": "string", "enum": ["GBP"]},
    "invoice_number": _text("[0-9a-f]{8}-[1-9][0-9]?"),
    "period_start": _text(_day("2024")),
    "period_end": _text(_day("2025")),
    "start_date": _text(_day("2024"), TIME),
    "stop_date": _text(_day("2025"), TIME),
    "end_date": _text(_day("2025"), TIME),
    "begin_time": _text(_day("2024"), TIME),
    "billing_start_date": _text(_day("2024"), TIME),
    "billing_end_date": _text(_day("2025"), TIME),
    "end_time": _text(_day("2025"), TIME),
    "integral": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
    "fractional": {"type": "integer", "minimum": 0, "maximum": 99},
    "invoice_period": _text("2024-(0[1-9]|1[0-2])"),
    "currency_code": {"type": "string", "enum": ["EUR"]},
    "units": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
    "nanos": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "percentDiscount": {"type": "number", "minimum": 0, "maximum": 1},
    "periodStart": _text(_day("2024")),
    "periodEnd": _text(_day("2025")),
}
# What is listed has the id by which its details are asked for, and the details say so.
IDENTIFIED = {
    "mongodb": ("BillingInvoice", "BillingInvoiceMetadata"),
    "northflank": ("Invoice", "ListedInvoice"),
    "scaleway": ("Invoice",),
}
PREVIEWED = "/v2/customers/my/invoices"
BY_ID = "/organizations/{organization}/invoices/{id}"
AMOUNTS = ("total", "net", "subTotal", "subtotal", "amount", "monthly_transaction_amount")
LISTS = ("invoices", "results", "data", "lines", "lineItems", "invoice_items", "charges")


def published(vendor: str) -> dict[str, Any]:
    """As the vendor published it."""
    specification: dict[str, Any] = json.loads((FOLDER / f"{vendor}.json").read_text("utf-8"))
    return specification


def for_a_mock() -> dict[str, Any]:
    """All vendors in one document, each under its name, since a mock takes seconds to start."""
    joined: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": "Invoices", "version": "1"},
        "paths": {},
        "components": {},
    }
    for vendor in VENDORS:
        specification = _named_apart(published(vendor), vendor)
        _narrow(specification)
        for name in IDENTIFIED.get(vendor, ()):
            schema = specification["components"]["schemas"][f"{vendor}-{name}"]
            schema["properties"]["id"] = ONE_ID
        if vendor == "planetscale":
            [content] = specification["paths"][BY_ID]["get"]["responses"]["200"]["content"].values()
            content["schema"]["properties"]["id"] = ONE_ID
        if vendor == "scaleway":
            charge = specification["components"]["schemas"]["scaleway-Charge"]
            charge["properties"]["invoice_id"] = ONE_ID
        if vendor == "versori":  # required, and described nowhere
            invoice = specification["components"]["schemas"]["versori-Invoice"]
            invoice["properties"]["currencyCode"] = MOSTLY["currencyCode"]
        if vendor == "digitalocean":
            _narrow_preview(specification)
        if vendor == "heroku":
            for invoice in specification["components"]["schemas"].values():
                invoice["properties"]["state"]["enum"] = [0, 1, 2, 3]
                invoice["required"] = ["id"]
        if vendor == "linode":
            _narrow_pages(specification)
        if vendor == "ovhcloud":
            _narrow_bills(specification)
        if vendor == "cockroachdb":  # one total, and in a currency that it has
            schemas = specification["components"]["schemas"]
            schemas["cockroachdb-Invoice"]["properties"]["totals"] |= {"minItems": 1, "maxItems": 1}
            codes = {"$ref": "#/components/schemas/cockroachdb-Currency.Type"}
            schemas["cockroachdb-CurrencyAmount"]["properties"]["currency"] = codes
        for path, item in specification["paths"].items():
            item["get"].setdefault("security", specification["security"])
            joined["paths"][f"/{vendor}{path}"] = item
        for kind, components in specification.get("components", {}).items():
            joined["components"].setdefault(kind, {}).update(components)
    return joined


def _narrow_preview(specification: dict[str, Any]) -> None:
    """What is listed has the id of the summary, and amounts that can be read. The preview is of
    another month, and has no id, so that its details can't be taken for the invoice's."""
    schemas = specification["components"]["schemas"]
    answer = specification["paths"][PREVIEWED]["get"]["responses"]["200"]
    listed = answer["content"]["application/json"]["schema"]["allOf"][0]["properties"]
    listed["invoice_preview"] = {"$ref": "#/components/schemas/digitalocean-Preview"}
    invoice = schemas["digitalocean-Invoice"]["properties"]
    invoice |= {"invoice_uuid": ONE_ID, "invoice_id": ONE_ID, "amount": DECIMAL}
    preview = {**invoice, "invoice_period": _text("2025-01"), "invoice_id": _text("preview")}
    del preview["invoice_uuid"]
    schemas["digitalocean-Preview"] = {"type": "object", "properties": preview}
    summary = schemas["digitalocean-Summary"]
    summary["properties"]["invoice_uuid"] = ONE_ID
    summary["required"] = ["invoice_uuid"]
    schemas["digitalocean-Meta"]["properties"]["meta"]["properties"]["total"]["enum"] = [1]


def _narrow_pages(specification: dict[str, Any]) -> None:
    """Each list is the only page, and none of what says whose and how much it is left out."""
    once = {"type": "integer", "enum": [1]}
    for item in specification["paths"].values():
        page = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        page["properties"] |= {"page": once, "pages": once, "results": once}
        page["required"] = ["data", "page", "pages", "results"]
    schemas = specification["components"]["schemas"]
    schemas["linode-Invoice"]["properties"]["id"] = {"type": "integer", "enum": [123]}
    schemas["linode-Invoice"]["required"] = ["id"]
    schemas["linode-InvoiceItem"]["required"] = ["amount"]


def _narrow_bills(specification: dict[str, Any]) -> None:
    """A list is of the one id that its bill and its entry have; both forms of a price agree."""
    for item in specification["paths"].values():
        schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        if schema.get("type") == "array":
            schema |= {"items": ONE_ID, "minItems": 1, "maxItems": 1}
    schemas = specification["components"]["schemas"]
    for name, required in (
        ("billing.Bill", ["billId", "priceWithTax"]),
        ("billing.BillDetail", ["billDetailId"]),
        ("billing.Refund", ["refundId", "priceWithTax"]),
        ("billing.RefundDetail", ["refundDetailId"]),
        ("billing.Payment", ["paymentDate"]),
        ("debt.Debt", ["status"]),
        ("order.Price", ["value", "currencyCode"]),
    ):
        schema = schemas[f"ovhcloud-{name}"]
        schema["required"] = required
        schema["properties"] |= {each: ONE_ID for each in required if each.endswith("Id")}
    price = schemas["ovhcloud-order.Price"]["properties"]
    price |= {"priceInUcents": NO_PAGE, "value": NUMBER, "currencyCode": MOSTLY["currency_code"]}


def _named_apart(specification: dict[str, Any], vendor: str) -> dict[str, Any]:
    """With the vendor's name before those of its components."""
    text = json.dumps(specification)
    text = re.sub(r"(\"#/components/\w+/)", rf"\1{vendor}-", text)
    renamed: dict[str, Any] = json.loads(text)
    for kind, components in renamed.get("components", {}).items():
        renamed["components"][kind] = {f"{vendor}-{key}": each for key, each in components.items()}
    renamed["security"] = [
        {f"{vendor}-{name}": scopes for name, scopes in each.items()}
        for each in renamed.get("security", [])
    ]
    return renamed


def _narrow(node: Any) -> None:
    if isinstance(node, list):
        for each in node:
            _narrow(each)
        return
    if not isinstance(node, dict):
        return
    for name, schema in node.get("properties", {}).items():
        if name in ALWAYS:
            node["properties"][name] = ALWAYS[name]
        elif schema.get("type") == "array" and name in LISTS:
            schema |= {"minItems": 1, "maxItems": 4}
        elif meant := _meant(name, schema.get("type")):
            node["properties"][name] = {"anyOf": [schema, *[meant] * 5]}
    for each in node.values():
        _narrow(each)


def _meant(name: str, kind: str | None) -> dict[str, Any] | None:
    """What a property of that name means, where that is more than its type says."""
    if name in MOSTLY:
        return MOSTLY[name]
    if kind == "integer" and name.endswith("Cents"):
        return WHOLE
    if name in AMOUNTS:
        return {"number": NUMBER, "string": DECIMAL}.get(kind or "")
    return None


def parameters() -> dict[str, set[str]]:
    """The names of the query parameters of each documented path, under the vendor's name."""
    found: dict[str, set[str]] = {}
    for vendor in VENDORS:
        specification = published(vendor)
        shared = specification.get("components", {}).get("parameters", {})
        for path, item in specification["paths"].items():
            stated = [*item.get("parameters", []), *item["get"].get("parameters", [])]
            resolved = [
                shared[each["$ref"].split("/")[-1]] if "$ref" in each else each for each in stated
            ]
            found[f"/{vendor}{path}"] = {each["name"] for each in resolved if each["in"] == "query"}
    return found
