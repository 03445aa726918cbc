"""Accounts for tests, and one way to fetch them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipelines.contract.fetched import AT_ONCE, NOW, Fetched, fetched
from sources import VENDORS, ConfiguredAccount
from sources.client.limits import Rate
from sources.client.redaction import Secret

__all__ = ["AT_ONCE", "CREDENTIALS", "NOW", "TOKEN", "Fetched", "account", "fetched"]

TOKEN = "tok/en+with=special&characters"

CREDENTIALS: Mapping[str, Mapping[str, Any]] = {
    "turso": {"organization": "acme", "api_token": TOKEN},
    "versori": {"organisation_id": "acme", "api_key": TOKEN},
    "mongodb": {"org_id": "acme", "public_key": "public", "private_key": TOKEN},
    "northflank": {"api_token": TOKEN},
    "planetscale": {"organization": "acme", "service_token_id": "id", "service_token": TOKEN},
    "digitalocean": {"api_token": TOKEN},
    "aiven": {"organization_id": "acme", "api_token": TOKEN},
    "fastly": {"api_token": TOKEN},
    "cockroachdb": {"secret_key": TOKEN},
    "scaleway": {"organization_id": "acme", "secret_key": TOKEN},
    "linode": {"api_token": TOKEN},
    "ovhcloud": {"client_id": "client", "client_secret": TOKEN},
    "heroku": {"api_token": TOKEN},
}


def account(
    vendor: str,
    url: str,
    keys: Mapping[str, object] | None = None,
    *,
    name: str = "main",
    rate: Rate | None = None,
) -> ConfiguredAccount:
    """An account of the vendor whose API is at `url`; without `keys`, with one credential."""
    definition = VENDORS[vendor]
    values = {**(keys or CREDENTIALS[vendor]), "name": name}
    settings = msgspec.convert({}, definition.settings_type)
    made = msgspec.convert(values, definition.account_type, dec_hook=lambda _, text: Secret(text))
    return ConfiguredAccount(definition, name, made, settings, url, rate)
