"""What a vendor's module states, and what an account of it is: the vocabulary of this package."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from sources.client.caller import Caller
from sources.client.limits import Rate
from sources.client.paging import Page
from sources.client.redaction import Redactor, Secret
from sources.errors import SourceError
from sources.keys import Amount, Key

if TYPE_CHECKING:
    from sources.client.client import Client

A = TypeVar("A", bound="Account")
Text = Annotated[str, msgspec.Meta(min_length=1)]
HeaderText = Annotated[str, msgspec.Meta(min_length=1, pattern=r"^[!-~]*\Z")]


class Account(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An account as it is configured. Its secrets are `Secret`s, so its repr shows none."""

    name: Text | None = None

    @property
    def identity(self) -> str:
        """What the tables call an account that was given no name."""
        return "default"

    @property
    def base_url(self) -> str | None:
        """Where its API is, if the vendor has one for each region and none is configured."""
        return None

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
    """One account of one vendor, checked and ready to be fetched. `name` is what tables call it,
    `names_at_vendor` are those of all accounts that are configured at this vendor."""

    definition: Vendor[Any] = field(repr=False)
    name: str
    account: Any
    settings: VendorSettings
    base_url: str
    rate: Rate | None
    names_at_vendor: frozenset[str] = frozenset()

    @property
    def vendor(self) -> str:
        return self.definition.name

    def caller(self) -> Caller:
        """In whose name its requests are sent."""
        redact = self.account.redactor()
        return Caller(
            self.vendor,
            self.name,
            self.base_url,
            self.account.credential,
            self.rate,
            self.definition.remedies,
            redact,
            self.definition.authentication(self.account, self.base_url, redact),
        )


@dataclass(frozen=True)
class Window:
    """What decides which listings are due: the run's time (UTC) and what the warehouse holds.

    `documents` are those that were made of the account's files before the fetch, or why none were.
    `known` are the documents that the warehouse holds, by key, of a vendor that reads them. `fail`
    notes what a document failed of, by key, where the rest of its list comes all the same.
    """

    now: datetime
    settings: VendorSettings
    held: frozenset[str] = frozenset()
    first_loaded_at: datetime | None = None
    full_refresh: bool = False
    documents: Sequence[bytes] | SourceError | None = None
    known: Mapping[str, bytes] = field(default_factory=dict)
    fail: Callable[[str, SourceError], None] = lambda key, error: None


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
class InvoiceFiles(Generic[A]):
    """Where the file of an issued invoice is, for the archive. `link` reads from the listed
    document a URL on one of `hosts`, which is sent no credential; with `accept` (what to send as
    such) a path of the API, which is."""

    media_type: Literal["application/pdf", "text/csv"]
    link: Callable[[A, bytes], str | None]
    hosts: frozenset[str] = frozenset()
    accept: Callable[[A], str] | None = None


@dataclass(frozen=True)
class Vendor(Generic[A]):
    """One vendor's API. `entities` begins with `invoices`; a second one names the details' table.

    `title` is the vendor's name as people write it, `service` FOCUS's category and subcategory of
    what it sells. `remedies` says for an HTTP status what a person can do about it. `detail` makes
    the listing with an invoice's details from its key and its listed document, or None where there
    are none. `probe` is the cheapest request that reads invoices. `amount` reads a listed
    document's total, where keys are made and may repeat. `never_kept` are fields, as paths with
    dots, that are cut from each document before it is hashed and stored: secrets, personal data.
    `files` says where an invoice's PDF or CSV is, where the vendor has one. `charge_files` says
    where the files of charges are of which its documents are made, in place of an API.
    `reads_known`: its listings are made of the documents that are held too (`Window.known`).
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
    never_kept: frozenset[str] = frozenset()
    rate: Rate | None = None
    amount: Amount | None = None
    service: tuple[str, str] = ("Other", "Other (Other)")
    files: InvoiceFiles[A] | None = None
    charge_files: Callable[[A], str] | None = None
    reads_known: bool = False


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
