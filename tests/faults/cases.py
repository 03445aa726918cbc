"""Every fault that Billhouse is tried against, at which vendors, and what shall come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Literal

from sandbox.registry import VENDORS

Outcome = Literal["recovers", "fails alone", "loads"]
"""Tries again and gets all of it; or fails this account and no other; or takes it as it is."""

# Short enough for a test, long enough for a sandbox on a busy machine.
ATTEMPTS = 3
ATTEMPT_SECONDS = 3.0
PAGE_BOUND = 25

LISTS = {name: f"GET /{name}{vendor.lists}" for name, vendor in VENDORS.items()}
# The sandbox's profiles of accounts whose answers have pages.
PAGED = {
    "versori": ("paged",),
    "mongodb": ("service-account-v2",),  # a digest signs the query, so none can be changed
    "northflank": ("current",),
    "planetscale": ("service-token", "oauth"),
    "digitalocean": ("kept", "renamed"),
    "heroku": ("user",),
}
# Of those who get a token first, requests bear nothing that is known before.
KNOWN = {"ovhcloud": ("signed",)}
ELSEWHERE = "http://127.0.0.2:9/elsewhere"


@dataclass(frozen=True)
class Case:
    """One fault at one vendor. `said` is what the account's error must name, if it fails."""

    name: str
    vendor: str
    outcome: Outcome
    said: str = ""
    fault: dict[str, Any] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()

    @property
    def runs_into_time(self) -> bool:
        """Whether it is the time that an answer may take which is tried."""
        return bool(self.fault["kind"] == "wait" and self.fault["seconds"] > ATTEMPT_SECONDS)

    def __str__(self) -> str:
        return f"{self.vendor}: {self.name}"


def _requests() -> dict[str, tuple[dict[str, Any], str]]:
    """Faults of any request: what the sandbox is asked for, and what a lasting one is called."""
    faults: dict[str, tuple[dict[str, Any], str]] = {
        "429 without Retry-After": ({"kind": "refuse", "status": 429}, "429 Too Many Requests"),
        "429, Retry-After in seconds": (
            {"kind": "refuse", "status": 429, "retry_after": "seconds"},
            "429 Too Many Requests",
        ),
        "429, Retry-After as a date": (
            {"kind": "refuse", "status": 429, "retry_after": "date"},
            "429 Too Many Requests",
        ),
        "503, Retry-After in seconds": (
            {"kind": "refuse", "status": 503, "retry_after": "seconds"},
            "503 Service Unavailable",
        ),
    }
    for status, phrase in {
        500: "Internal Server Error",
        502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
    }.items():
        faults[f"{status}"] = ({"kind": "refuse", "status": status}, f"{status} {phrase}")
    too_slow = {"kind": "wait", "seconds": ATTEMPT_SECONDS + 1}
    return faults | {
        "no answer in time": (too_slow, "it took too long as a whole"),
        "connection closed before an answer": ({"kind": "close before"}, "no whole answer"),
        "connection closed within a body": ({"kind": "close within"}, "no whole answer"),
        "truncated JSON": ({"kind": "cut"}, "but no JSON"),
        "a page for people, status 200": ({"kind": "page for people"}, "«<!doctype html>"),
        "gzip that doesn't decode": (
            {"kind": "bad gzip"},
            "no whole answer (what came can't be unpacked)",
        ),
    }


def _of_requests() -> Iterator[Case]:
    """Twice, and it recovers, at two vendors; for ever, and the account fails, at a third."""
    vendors = cycle(VENDORS)
    for name, (fault, said) in _requests().items():
        for _ in range(2):
            yield Case(f"{name}, twice", next(vendors), "recovers", fault={**fault, "times": 2})
        yield Case(f"{name}, for ever", next(vendors), "fails alone", said, fault)


def _at_once() -> Iterator[Case]:
    """What no second attempt would fix."""
    for vendor in VENDORS:
        yield Case(
            "a redirect to another origin",
            vendor,
            "fails alone",
            "a redirect to http://127.0.0.2:9, which is not followed",
            {"kind": "redirect", "location": ELSEWHERE},
        )
        yield Case(
            "an error page that quotes the credential",
            vendor,
            "fails alone",
            "[removed" if vendor != "mongodb" else "400 Bad Request",
            {"kind": "echo", "status": 400},
        )
    long = {"kind": "refuse", "status": 429, "retry_after": "seconds", "seconds": 7200}
    yield Case("Retry-After of two hours", "northflank", "fails alone", "asks to wait 7200 s", long)
    for kind, name in {"huge": "200 MB", "huge unpacked": "200 MB, packed to 200 kB"}.items():
        said = "larger than 64 MiB"
        yield Case(f"a body of {name}", "turso", "fails alone", said, {"kind": kind})


def _harmless() -> Iterator[Case]:
    for vendor in VENDORS:
        yield Case("a slow answer", vendor, "loads", fault={"kind": "wait", "seconds": 0.3})
    types: dict[str, str] = {"turso": "text/html", "mongodb": "", "planetscale": "image/png"}
    for vendor, given in types.items():
        fault = {"kind": "content type", "location": given}
        yield Case(f"Content-Type {given or 'missing'}", vendor, "loads", fault=fault)


def _of_lists() -> Iterator[Case]:
    """A null list is Go's way to write an empty one, at the vendors that are known to do so."""
    null_is_empty = ("turso", "versori")
    said = {"northflank": "`invoices` is neither a list nor an object"}
    for vendor in VENDORS:
        route = LISTS[vendor]
        profiles = PAGED.get(vendor, KNOWN.get(vendor, ()))
        if vendor == "versori":
            profiles = ("calendar", "anniversary")
        for kind, name in {"null list": "a null list", "no list": "no list"}.items():
            fault = {"kind": kind, "route": route}
            # Turso's official types make the list optional.
            absent_is_empty = kind == "no list" and vendor == "turso"
            if absent_is_empty or (kind == "null list" and vendor in null_is_empty):
                yield Case(f"{name}, taken as empty", vendor, "loads", "", fault, profiles)
            else:
                what = said.get(vendor, "another shape") if kind == "null list" else "another shape"
                yield Case(name, vendor, "fails alone", what, fault, profiles)


def _of_pages() -> Iterator[Case]:
    circle = "the paging leads back to a page already read"
    paged: tuple[str, ...] = ("mongodb", "northflank", "planetscale", "digitalocean")
    for vendor in paged:
        fault = {"route": LISTS[vendor], "page_size": 1}

        def case(
            kind: str,
            name: str,
            outcome: Outcome,
            said: str = "",
            vendor: str = vendor,
            fault: dict[str, Any] = fault,
        ) -> Case:
            return Case(name, vendor, outcome, said, {**fault, "kind": kind}, PAGED[vendor])

        yield case("small pages", "pages shorter than asked for", "loads")
        yield case("circle", "a cursor that repeats", "fails alone", circle)
        endless = f"more than {PAGE_BOUND} pages, and no end"
        yield case("endless", "a cursor that never ends", "fails alone", endless)
        yield case("duplicates", "each document twice", "loads")
        yield case("shift", "an invoice twice, because pages shifted", "loads")
        if vendor == "northflank":  # which counts the documents of each page
            yield case("skip", "a page shorter than it says", "fails alone", "`count` says")
        elif vendor != "digitalocean":  # which counts those of the list, as below
            yield case("skip", "an invoice missed, because pages shifted", "loads")
    stated = "it says that there"
    # MongoDB's is an estimate, and Northflank's is distorted to fewer than there are.
    counts = {"mongodb": "", "northflank": "", "versori": stated, "digitalocean": stated}
    for vendor, said in counts.items():
        yield Case(
            "a count of more than there are" if said else "a wrong count",
            vendor,
            "fails alone" if said else "loads",
            said,
            fault={"kind": "wrong count", "route": LISTS[vendor]},
            profiles=PAGED[vendor],
        )
    linked: tuple[str, ...] = ("mongodb", "versori", "digitalocean")
    for vendor in linked:
        yield Case(
            "a paging link to another origin",
            vendor,
            "fails alone",
            "leads to another server (http://127.0.0.2:9",
            {"kind": "foreign link", "location": ELSEWHERE, "route": LISTS[vendor]},
            PAGED[vendor],
        )


CASES = [*_of_requests(), *_at_once(), *_harmless(), *_of_lists(), *_of_pages()]
