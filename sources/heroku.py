"""Heroku: `GET /account/invoices`, or a team's, `GET /teams/{team}/invoices`.

https://devcenter.heroku.com/articles/platform-api-reference, Invoice and Team Invoice. The list is
the whole answer; a long one is cut into ranges. The running month stands in it, still pending.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx

from sources.client.authentication import RequestHeader
from sources.client.client import Client
from sources.client.paging import Page, ranged_pages
from sources.client.redaction import Redactor, Secret
from sources.keys import id_key
from sources.vendor import (
    Account,
    Credential,
    Listing,
    Setup,
    Text,
    Vendor,
    Window,
    path_segment,
)

# Without it the API answers 406.
VERSION = "application/vnd.heroku+json; version=3"


class HerokuAccount(Account, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A user's own invoices, or those of a team."""

    api_token: Secret
    team: Text | None = None

    @property
    def identity(self) -> str:
        return self.team or "default"

    @property
    def invoices_path(self) -> str:
        whose = "/account" if self.team is None else f"/teams/{path_segment(self.team)}"
        return f"{whose}/invoices"


def _all(account: HerokuAccount) -> Listing:
    def pages(client: Client) -> AsyncIterator[Page]:
        return ranged_pages(client, client.url(account.invoices_path), VERSION)

    return Listing("all", pages, id_key)


def listings(account: HerokuAccount, window: Window) -> Sequence[Listing]:
    return [_all(account)]


def authentication(account: HerokuAccount, base_url: str, redactor: Redactor) -> httpx.Auth:
    return RequestHeader("Authorization", f"Bearer {account.api_token.reveal()}")


HEROKU = Vendor(
    name="heroku",
    title="Heroku",
    service=("Web", "Application Platforms"),
    base_url="https://api.heroku.com",
    account_type=HerokuAccount,
    setup=Setup(
        questions={"team": "the team whose invoices to load; empty: your own account's"},
        credentials=(
            Credential(
                "API token",
                ("api_token",),
                "Make an authorization in the dashboard under Account settings > Applications, or "
                "with `heroku authorizations:create`, as a user who sees these invoices there.",
            ),
        ),
    ),
    entities=("invoices",),
    remedies={
        401: "The api_token is wrong, expired or revoked: `heroku authorizations` lists those that "
        "are valid.",
        402: "Heroku wants the account's payment settled, or its payment method confirmed, before "
        "its API answers: see the dashboard's billing page.",
        403: "The api_token's user may not see these invoices, or its scope is too narrow: make an "
        "authorization of scope global, as an admin of the team.",
        404: "Check team: the api_token's user must be a member of it.",
    },
    authentication=authentication,
    listings=listings,
    probe=_all,
)
