"""dlt's configuration → checked accounts. Every mistake is found here, before any request.

An account stands in `.dlt/secrets.toml` as `[[sources.<vendor>.accounts]]`, or in the environment
as a JSON list in `SOURCES__<VENDOR>__ACCOUNTS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from sources.accounts.validation import check_account, check_keys, explain
from sources.accounts.values import DltValues, Values
from sources.client.limits import Rate
from sources.client.origin import check_base_url
from sources.client.surroundings import check_surroundings
from sources.errors import ConfigurationError
from sources.vendor import ConfiguredAccount, Vendor, VendorSettings


def read_accounts(
    vendors: Iterable[Vendor[Any]], values: Values | None = None
) -> list[ConfiguredAccount]:
    """All accounts that dlt's configuration names, or `values` in its place, vendor by vendor; a
    vendor without accounts is left out.

    Raises ConfigurationError, which names the vendor, the account, the key, and where to put it.
    """
    found = values or DltValues()
    accounts = [account for vendor in vendors for account in _vendor_accounts(vendor, found)]
    if accounts:
        check_surroundings()
    return accounts


def _vendor_accounts(vendor: Vendor[Any], values: Values) -> list[ConfiguredAccount]:
    check_keys(vendor, values.keys("sources", vendor.name))
    entries = _entries(vendor.name, values)
    settings = _settings(vendor, values)
    base_url = _base_url(vendor, settings)
    rate = _rate(vendor, settings)
    accounts: list[ConfiguredAccount] = []
    first_of_name: dict[str, int] = {}
    for index, entry in enumerate(entries, start=1):
        account = check_account(vendor, index, entry)
        name = account.name or account.identity
        if name in first_of_name:
            raise ConfigurationError(
                f"{vendor.name}, account {index} ({name!r}): account {first_of_name[name]} has the "
                "same name. Give one of them another `name`, or remove it"
            )
        first_of_name[name] = index
        url = base_url if settings.base_url else account.base_url or base_url
        accounts.append(ConfiguredAccount(vendor, name, account, settings, url, rate))
    names = frozenset(first_of_name)
    return [replace(account, names_at_vendor=names) for account in accounts]


def _entries(vendor: str, values: Values) -> list[Any]:
    place = f"SOURCES__{vendor.upper()}__ACCOUNTS"
    value = values.get("sources", vendor, "accounts")
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise ConfigurationError(
                f"{vendor}: {place} is not JSON ({error}). It is a list of accounts, [{{…}}, …]"
            ) from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigurationError(
            f"{vendor}: `accounts` is no list. Write [[sources.{vendor}.accounts]] (two brackets) "
            f"in .dlt/secrets.toml, or a JSON list in {place}"
        )
    return value


def _settings(vendor: Vendor[Any], values: Values) -> VendorSettings:
    given: dict[str, Any] = {}
    for key in vendor.settings_type.__struct_fields__:
        value = values.get("sources", vendor.name, key)
        if value is not None:
            given[key] = value
    try:
        # Not strict, since a number in the environment is text.
        return msgspec.convert(given, vendor.settings_type, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            f"{vendor.name}: {explain(error, vendor.settings_type)}. Fix it in "
            f"[sources.{vendor.name}] in .dlt/config.toml (or SOURCES__{vendor.name.upper()}__…)"
        ) from None


def _base_url(vendor: Vendor[Any], settings: VendorSettings) -> str:
    try:
        return check_base_url(settings.base_url or vendor.base_url)
    except ValueError as error:
        raise ConfigurationError(
            f"{vendor.name}: `base_url` in [sources.{vendor.name}] "
            f"(SOURCES__{vendor.name.upper()}__BASE_URL) {error}"
        ) from None


def _rate(vendor: Vendor[Any], settings: VendorSettings) -> Rate | None:
    default = vendor.rate or Rate(0, 0)
    requests, seconds = settings.requests_per_period, settings.period_seconds
    requests = default.requests if requests is None else requests
    seconds = default.seconds if seconds is None else seconds
    if requests and not seconds and settings.period_seconds is None:
        raise ConfigurationError(
            f"{vendor.name}: `requests_per_period` needs `period_seconds` beside it, "
            f"in [sources.{vendor.name}]"
        )
    return Rate(requests, seconds) if requests and seconds else None
