"""Faults of what a list says: lists that are missing, paging that goes wrong, counts that are off.

They work on every vendor's envelope: a list stands under `invoices`, `results`, `data` or `items`,
and the way onward under `links`, `pagination`, `next_page` or `next`, or the list's length under
`meta`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

from sandbox.answers import encode

LISTS = ("invoices", "results", "data", "items")
SIZES = ("itemsPerPage", "perPage", "per_page")
# Cursors that no vendor made: they are taken out again before the vendor sees them.
INVENTED = "invented-by-the-sandbox-"


@dataclass
class Distorted:
    """A page as the vendor would have sent it; `memory` lasts from one page to the next."""

    body: bytes
    scope: Scope
    location: str
    memory: dict[str, Any]

    def __post_init__(self) -> None:
        self.document: Any = json.loads(self.body, parse_float=Decimal)

    def encoded(self) -> bytes:
        return encode(self.document)

    @property
    def holder(self) -> tuple[Any, str]:
        """The object that the list stands in, and its name there; empty for a bare list. Where an
        answer leaves its list out, it is put in empty.
        """
        place = self.document
        while isinstance(place, dict):
            name = next((name for name in LISTS if name in place), "")
            if not name:
                name = LISTS[0]
                place[name] = []
            if not isinstance(place[name], dict):
                return place, name
            place = place[name]
        return None, ""

    @property
    def documents(self) -> list[Any]:
        holder, name = self.holder
        found: list[Any] = self.document if holder is None else holder[name] or []
        return found

    @documents.setter
    def documents(self, documents: list[Any]) -> None:
        holder, name = self.holder
        if holder is None:
            self.document = documents
        else:
            holder[name] = documents

    @property
    def page(self) -> int:
        """Counted from 1, in the order in which they were asked for."""
        self.memory["page"] = int(self.memory.get("page", 0)) + 1
        return int(self.memory["page"])

    @property
    def address(self) -> str:
        headers = dict(self.scope["headers"])
        return f"http://{headers[b'host'].decode()}{self.scope['path']}"

    def lead_to(self, number: int) -> None:
        """Makes this page say that another follows: by number, by cursor, or by link."""
        if "next_page" in self.document:
            self.document["next_page"] = number
        elif "data" in self.document:
            onward = {"hasNextPage": True, "cursor": f"{INVENTED}{number}"}
            self.document["pagination"] = {**self.document.get("pagination", {}), **onward}
        else:
            query = dict(parse_qsl(self.scope["query_string"].decode()))
            words = {"next": "cursor", "meta": "page"}
            name = next((words[each] for each in words if each in self.document), "pageNum")
            self.link(f"{self.address}?{urlencode({**query, name: number})}")

    def link(self, target: str) -> None:
        if "next" in self.document:
            self.document["next"] = target
        elif "meta" in self.document:
            self.document["links"] = {"pages": {"next": target}}
        else:
            others = [each for each in self.document["links"] if each["rel"] != "next"]
            self.document["links"] = [*others, {"rel": "next", "href": target}]


def with_page_size(scope: Scope, size: int) -> Scope:
    """The request as if it had asked for pages of this size, and without an invented cursor."""
    asked = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
    changed = [
        (name, str(size) if name in SIZES else value)
        for name, value in asked
        if not (name == "cursor" and value.startswith(INVENTED))
    ]
    return {**scope, "query_string": urlencode(changed).encode()}


def _null_list(page: Distorted) -> bytes:
    holder, name = page.holder
    if holder is None:
        return b"null"
    holder[name] = None
    return page.encoded()


def _no_list(page: Distorted) -> bytes:
    holder, name = page.holder
    if holder is None:
        return b"{}"
    del holder[name]
    return page.encoded()


def _endless(page: Distorted) -> bytes:
    asked = dict(parse_qsl(page.scope["query_string"].decode()))
    number = asked.get("pageNum") or asked.get("page") or page.page
    page.lead_to(int(number) + 1)
    return page.encoded()


def _circle(page: Distorted) -> bytes:
    page.lead_to(1)
    return page.encoded()


def _foreign_link(page: Distorted) -> bytes:
    page.link(page.location)
    return page.encoded()


def _duplicates(page: Distorted) -> bytes:
    page.documents = [each for each in page.documents for _ in range(2)]
    return page.encoded()


def _shift(page: Distorted) -> bytes:
    """As when an invoice was added meanwhile: a page begins with what the one before ended with."""
    documents = page.documents
    page.documents = [*page.memory.get("last", []), *documents]
    page.memory["last"] = documents[-1:]
    return page.encoded()


def _skip(page: Distorted) -> bytes:
    """As when an invoice was removed meanwhile: one falls between the pages."""
    if page.page == 2:
        page.documents = page.documents[1:]
    return page.encoded()


def _wrong_count(page: Distorted) -> bytes:
    if "pagination" in page.document:
        page.document["pagination"]["count"] = -1
    elif "meta" in page.document:
        page.document["meta"]["total"] = 1_000_000
    else:
        page.document["totalCount"] = 1_000_000
    return page.encoded()


DISTORTIONS: dict[str, Callable[[Distorted], bytes]] = {
    "null list": _null_list,
    "no list": _no_list,
    "endless": _endless,
    "circle": _circle,
    "foreign link": _foreign_link,
    "duplicates": _duplicates,
    "shift": _shift,
    "skip": _skip,
    "wrong count": _wrong_count,
    "small pages": Distorted.encoded,
}
