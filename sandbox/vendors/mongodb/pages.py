"""Pages of MongoDB's list: filters, order, links, and a total count that is only an estimate.

Pages are kept as bytes, so that a load test over many invoices measures the client and not this
program.
"""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request

from sandbox.answers import Refusal, boolean, day, encode, integer
from sandbox.model import Account, Invoice
from sandbox.vendor import Books
from sandbox.vendors.mongodb.documents import metadata

PAGE_SIZE, LARGEST_PAGE = 100, 500
# The first five exist in every version of the API.
LIST_PARAMETERS = (
    "pageNum",
    "itemsPerPage",
    "includeCount",
    "envelope",
    "pretty",
    "viewLinkedInvoices",
    "statusNames",
    "fromDate",
    "toDate",
    "sortBy",
    "orderBy",
)
# By how much the total count is off, by turns.
ESTIMATES = (0, 3, -1)

Key = tuple[str, ...]


class Pages:
    def __init__(self, books: Books) -> None:
        self._books = books
        self._now = books.now
        self._pages: dict[Key, bytes] = {}
        self._selections: dict[Key, list[Invoice]] = {}

    def page(self, account: Account, request: Request, api: str) -> bytes:
        if self._now != self._books.now:
            self._pages.clear()
            self._selections.clear()
            self._now = self._books.now
        key = (str(request.url), account.name)
        if key not in self._pages:
            self._pages[key] = rendered(self._document(account, request, api), request)
        return self._pages[key]

    def _document(self, account: Account, request: Request, api: str) -> dict[str, object]:
        number = integer(request, "pageNum", 1)
        size = integer(request, "itemsPerPage", PAGE_SIZE, maximum=LARGEST_PAGE)
        linked = boolean(request, "viewLinkedInvoices", True) and api == "atlas/v2"
        selection = self._selection(account, request)
        shown = selection[(number - 1) * size : number * size]
        links = [{"href": _address(request, number, size), "rel": "self"}]
        if number > 1:
            links.append({"href": _address(request, number - 1, size), "rel": "previous"})
        if number * size < len(selection):
            links.append({"href": _address(request, number + 1, size), "rel": "next"})
        document: dict[str, object] = {
            "links": links,
            "results": [metadata(each, account, request, api, linked=linked) for each in shown],
        }
        if boolean(request, "includeCount", True):
            document["totalCount"] = max(0, len(selection) + ESTIMATES[number % len(ESTIMATES)])
        return document

    def _selection(self, account: Account, request: Request) -> list[Invoice]:
        """The invoices that pass the filters, in the order asked for, the latest end first by
        default.
        """
        statuses = request.query_params.getlist("statusNames")
        first, last = day(request, "fromDate"), day(request, "toDate")
        sort = _choice(request, "sortBy", "END_DATE", "START_DATE")
        order = _choice(request, "orderBy", "desc", "asc")
        key = (account.name, ",".join(statuses), str(first), str(last), sort, order)
        if key not in self._selections:
            chosen = [
                each
                for each in self._books.invoices("mongodb", account)
                if (not statuses or each.status in statuses)
                and (first is None or each.period[0].date() >= first)
                and (last is None or each.period[1].date() <= last)
            ]
            place = 0 if sort == "START_DATE" else 1
            chosen.sort(key=lambda each: each.period[place], reverse=order == "desc")
            self._selections[key] = chosen
        return self._selections[key]


def rendered(document: dict[str, object], request: Request) -> bytes:
    """The document as bytes, with `envelope` and `pretty` as asked for."""
    if boolean(request, "envelope", False):
        document = {"status": 200, "content": document}
    body = encode(document)
    return msgspec.json.format(body, indent=2) if boolean(request, "pretty", False) else body


def _choice(request: Request, name: str, *choices: str) -> str:
    """One of the choices; the first where none is given."""
    value = request.query_params.get(name, choices[0])
    if value not in choices:
        raise Refusal(400, f"{name} must be one of {', '.join(choices)}.", "INVALID_ENUM_VALUE")
    return value


def _address(request: Request, number: int, size: int) -> str:
    """The same request for another page."""
    others = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("pageNum", "itemsPerPage")
    ]
    query = urlencode([*others, ("pageNum", number), ("itemsPerPage", size)])
    return f"{request.url.replace(query=query)}"
