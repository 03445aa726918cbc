"""FOCUS: Cost and Usage files that other vendors' exports wrote, in place of an API.

https://focus.finops.org. Their charges are read before anything is fetched (`sources.charges`), and
are summed up to one document an invoice: by InvoiceId, else by billing account and billing period.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec

from sources import charges
from sources.charge_files import UnreadableFile
from sources.client.client import Client
from sources.client.paging import Page
from sources.client.redaction import Redactor
from sources.errors import SourceError
from sources.keys import Key, scalar
from sources.vendor import Account, Listing, Setup, Text, Vendor, Window


class FocusAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`path`: a file, a pattern with `*` and `**`, or the address of either in an object store."""

    path: Text

    @property
    def identity(self) -> str:
        return self.path


def document_key(document: msgspec.Raw) -> Key:
    """The invoice's id; else the billing account and the period, whose spelling is ours."""
    names = ("BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd")
    made = "/".join(scalar(document, name) or "" for name in names)
    return Key(scalar(document, "InvoiceId") or made)


async def pages(account: FocusAccount, window: Window, client: Client) -> AsyncIterator[Page]:
    """What was read before the fetch."""
    if isinstance(window.documents, SourceError):
        raise window.documents
    if window.documents is None:
        raise UnreadableFile(
            account.path, "its charges are kept in a warehouse", "Load it with `billhouse run`"
        ).of_account(FOCUS.name, account.name or account.identity)
    yield [msgspec.Raw(each) for each in window.documents]


async def probed(account: FocusAccount, client: Client) -> AsyncIterator[Page]:
    """No document: that the last file has the columns which it must have is all that is asked."""
    import duckdb

    try:
        with TemporaryDirectory(prefix="billhouse-") as folder, duckdb.connect() as connection:
            charges.check(connection, account.path, Path(folder))
    except UnreadableFile as error:
        raise error.of_account(FOCUS.name, account.name or account.identity) from error
    yield []


def listings(account: FocusAccount, window: Window) -> Sequence[Listing]:
    return [Listing("all", partial(pages, account, window), document_key)]


def probe(account: FocusAccount) -> Listing:
    return Listing("all", partial(probed, account), document_key)


def authentication(account: FocusAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return httpx.Auth()


FOCUS = Vendor(
    name="focus",
    title="FOCUS files",
    # Nothing is sent there.
    base_url="https://focus.finops.org",
    account_type=FocusAccount,
    setup=Setup(
        questions={
            "path": "a file or a pattern, as exports/**/*.parquet, or an object store's address"
        },
        credentials=(),
    ),
    entities=("invoices",),
    remedies={},
    authentication=authentication,
    listings=listings,
    probe=probe,
    charge_files=lambda account: account.path,
)
