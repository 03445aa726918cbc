"""CockroachDB Cloud: `GET /api/v1/invoices`.

https://www.cockroachlabs.com/docs/cockroachcloud/cloud-api, and the specification in the official
Go SDK. One answer holds all invoices whole, the running month too, as a draft; the two contradict
each other in the order of the list. An invoice may have a total in dollars and one in credits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

import httpx
import msgspec

from sources.client.asked import ListAnswer
from sources.client.authentication import RequestHeader
from sources.client.client import Client, Parameters
from sources.client.limits import Rate
from sources.client.paging import Page
from sources.client.redaction import Redactor, Secret
from sources.client.responses import DETAIL_LIMIT
from sources.keys import id_key
from sources.vendor import Account, Credential, Listing, Setup, Vendor, Window

INVOICES = "/api/v1/invoices"


class CockroachdbAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A service account belongs to one organization, whose invoices it reads."""

    secret_key: Secret


class Pagination(msgspec.Struct):
    next_page: str | None = None


class Invoices(ListAnswer):
    """`pagination` stands in the documentation's examples, as null. Half a list would close the
    other half, so that one with a next page, which nobody describes, isn't believed."""

    invoices: list[msgspec.Raw]
    pagination: Pagination | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pagination is not None and self.pagination.next_page:
            raise ValueError("there is a next page, and no document says how it is asked for")

    @property
    def documents(self) -> Page:
        return self.invoices


async def _invoices(parameters: Parameters, client: Client) -> AsyncIterator[Page]:
    answer = await client.get(INVOICES, Invoices, parameters=parameters, limit=DETAIL_LIMIT)
    yield answer.documents


def _listing(*parameters: tuple[str, str]) -> Listing:
    return Listing("all", partial(_invoices, parameters), partial(id_key, field="invoice_id"))


def listings(account: CockroachdbAccount, window: Window) -> Sequence[Listing]:
    return [_listing()]


def probe(account: CockroachdbAccount) -> Listing:
    return _listing(("status", "DRAFT"))


def authentication(account: CockroachdbAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"Bearer {account.secret_key.reveal()}")


COCKROACHDB = Vendor(
    name="cockroachdb",
    title="CockroachDB Cloud",
    service=("Databases", "Relational Databases"),
    base_url="https://cockroachlabs.cloud",
    account_type=CockroachdbAccount,
    setup=Setup(
        questions={},
        credentials=(
            Credential(
                "API key of a service account",
                ("secret_key",),
                "Make a service account in the Cloud Console under Access Management > Service "
                "Accounts, with the role Billing Coordinator in the organization, and an API key "
                "of it; secret_key is its secret, which is shown once.",
            ),
        ),
    ),
    entities=("invoices",),
    remedies={
        401: "The secret_key is wrong, or its API key was deleted: compare it with Access "
        "Management > Service Accounts.",
        403: "The service account lacks the role Billing Coordinator (or Cluster Admin) in the "
        "organization.",
        404: "Check base_url.",
    },
    authentication=authentication,
    listings=listings,
    probe=probe,
    # https://www.cockroachlabs.com/docs/cockroachcloud/cloud-api, "Rate limiting"
    rate=Rate(10, 1),
)
