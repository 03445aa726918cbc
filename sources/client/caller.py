"""In whose name requests are sent. All that a client knows of a vendor and its account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from sources.client.limits import Rate
from sources.client.redaction import Redactor, Secret


@dataclass(frozen=True)
class Caller:
    """`vendor` and `account` name it in errors, and `remedies` says for an HTTP status what a
    person can do about it. Accounts of one vendor with the same `credential` share its `rate`.
    `redact` takes the secrets out of every text; `authentication` may add to what it knows."""

    vendor: str
    account: str
    base_url: str
    credential: tuple[Secret, ...]
    rate: Rate | None
    remedies: Mapping[int, str]
    redact: Redactor = field(repr=False)
    authentication: httpx.Auth = field(repr=False)
