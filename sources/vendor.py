"""What a vendor's module states, and what an account of it is: the vocabulary of this package."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from sources.keys import Key
from sources.limits import Rate
from sources.redaction import Redactor, Secret

if TYPE_CHECKING:
    from sources.http import Client

A = TypeVar("A", bound="Account")
Text = Annotated[str, msgspec.Meta(min_length=1)]
HeaderText = Annotated[str, msgspec.Meta(min_length=1, pattern="^[!-~]*$")]


class Account(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An account as it is configured. Its secrets are `Secret`s, so its repr shows none."""

    name: Text | None = None

    @property
    def identity(self) -> str:
        """What the tables call an account that was given no name."""
        return "default"

    @property
    def credential(self) -> tuple[Secret, ...]:
        """The secrets that it is configured with."""
        values = (getattr(self, name) for name in self.__struct_fields__)
        return tuple(value for value in values if isinstance(value, Secret))

    def redactor(self) -> Redactor:
        redactor = Redactor()
        for secret in self.credential:
            redactor.add(secret.reveal())
        return redactor


class VendorSettings(msgspec.Struct, kw_only=True, frozen=True):
    """`[sources.<vendor>]`: what all accounts of a vendor share. A period of 0 means no limit.

    Without `details` an invoice costs no request of its own, and its lines stay unknown.
    """

    base_url: Text | None = None
    requests_per_period: Annotated[int, msgspec.Meta(ge=0)] | None = None
    period_seconds: Annotated[int, msgspec.Meta(ge=0)] | None = None
    details: bool = True


@dataclass(frozen=True)
class ConfiguredAccount:
    """One account of one vendor, checked and ready to be fetched. `name` is what tables call it."""

    definition: Vendor[Any] = field(repr=False)
    name: str
    account: Any
    settings: VendorSettings
    base_url: str
    rate: Rate | None

    @property
    def vendor(self) -> str:
        return self.definition.name


@dataclass(frozen=True)
class Window:
    """What decides which listings are due: the run's time (UTC) and what the warehouse holds."""

    now: datetime
    settings: VendorSettings
    held: frozenset[str] = frozenset()
    first_loaded_at: datetime | None = None
    full_refresh: bool = False


Page = Sequence[msgspec.Raw]


@dataclass(frozen=True)
class Listing:
    """A set of documents that is fetched, and loaded, as a whole.

    `pages` yields the documents page by page, each still the bytes that the vendor sent; `key`
    tells a document's key. `question` is what a detail is asked for by, where several invoices may
    be asked for by the same.
    """

    name: str
    pages: Callable[[Client], AsyncIterator[Page]]
    key: Callable[[msgspec.Raw], Key]
    question: Hashable | None = None


@dataclass(frozen=True)
class Credential:
    """A kind of credential: the account's keys that hold it, where it is made, what it may do."""

    name: str
    keys: tuple[str, ...]
    origin: str


@dataclass(frozen=True)
class Setup:
    """What `billhouse init` asks a person for. `questions` says of each key that holds no
    credential where to find it; of `credentials` the first is the recommended one."""

    questions: Mapping[str, str]
    credentials: tuple[Credential, ...]


@dataclass(frozen=True)
class Vendor(Generic[A]):
    """One vendor's API. `entities` begins with `invoices`; a second one names the details' table.

    `title` is the vendor's name as people write it. `remedies` says for an HTTP status what a
    person can do about it. `detail` makes the listing with an invoice's details from its key and
    its listed document, or None where there are none. `probe` is the cheapest request that reads
    invoices.
    """

    name: str
    title: str
    base_url: str
    account_type: type[A]
    setup: Setup
    entities: tuple[str, ...]
    remedies: Mapping[int, str]
    authentication: Callable[[A, str, Redactor], httpx.Auth]
    listings: Callable[[A, Window], Sequence[Listing]]
    probe: Callable[[A], Listing]
    detail: Callable[[A, str, bytes], Listing | None] | None = None
    settings_type: type[VendorSettings] = VendorSettings
    volatile_fields: frozenset[str] = frozenset()
    rate: Rate | None = None


def path_segment(text: str) -> str:
    """Text as one segment of a path, whatever it holds; never `.` or `..`."""
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")


def credentials_given(account: Account, *kinds: tuple[str, ...]) -> None:
    """Raises ValueError unless exactly one of these kinds of credential is given, and is whole."""
    given = [kind for kind in kinds if any(getattr(account, key) is not None for key in kind)]
    choice = ", or ".join(" and ".join(kind) for kind in kinds)
    if not given:
        raise ValueError(f"it has no credential: give either {choice}")
    if len(given) > 1:
        raise ValueError(f"it has two kinds of credential: give either {choice}")
    for key in given[0]:
        if getattr(account, key) is None:
            raise ValueError(f"`{key}` is missing: {' and '.join(given[0])} go together")
