"""dlt's configuration → checked accounts. Every mistake is found here, before any request.

An account stands in `.dlt/secrets.toml` as `[[sources.<vendor>.accounts]]`, or in the environment
as a JSON list in `SOURCES__<VENDOR>__ACCOUNTS`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import dlt
import msgspec
from dlt.common.typing import TSecretStrValue

from sources.accounts.validation import check_account, check_keys, explain
from sources.client.limits import Rate
from sources.client.origin import check_base_url
from sources.client.surroundings import check_surroundings
from sources.errors import ConfigurationError
from sources.vendor import ConfiguredAccount, Vendor, VendorSettings


def read_accounts(vendors: Iterable[Vendor[Any]]) -> list[ConfiguredAccount]:
    """All configured accounts, vendor by vendor; a vendor without accounts is left out.

    Raises ConfigurationError, which names the vendor, the account, the key, and where to put it.
    """
    accounts = [account for vendor in vendors for account in _vendor_accounts(vendor)]
    if accounts:
        check_surroundings()
    return accounts


def _configured(vendor: str, key: str) -> Any:
    """The first value that a dlt provider holds: environment, then secrets.toml, then config.toml.

    The providers are asked themselves, as for a secret, since `dlt.config` would record the value
    in the pipeline's trace, which is written to a file.
    """
    for provider in dlt.config.config_providers:
        value, _ = provider.get_value(key, TSecretStrValue, "", "sources", vendor)
        if value is not None:
            return value
    return None


def _present_keys(vendor: str) -> Iterator[str]:
    """Everything that any provider holds in the vendor's section."""
    for provider in dlt.config.config_providers:
        section, _ = provider.get_value(vendor, TSecretStrValue, "", "sources")
        if isinstance(section, dict):
            yield from section
    prefix = f"SOURCES__{vendor.upper()}__"
    for name in os.environ:
        if name.startswith(prefix):
            yield name.removeprefix(prefix).lower()


def _vendor_accounts(vendor: Vendor[Any]) -> list[ConfiguredAccount]:
    check_keys(vendor, _present_keys(vendor.name))
    entries = _entries(vendor.name)
    settings = _settings(vendor)
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
        accounts.append(ConfiguredAccount(vendor, name, account, settings, base_url, rate))
    names = frozenset(first_of_name)
    return [replace(account, names_at_vendor=names) for account in accounts]


def _entries(vendor: str) -> list[Any]:
    place = f"SOURCES__{vendor.upper()}__ACCOUNTS"
    value = _configured(vendor, "accounts")
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


def _settings(vendor: Vendor[Any]) -> VendorSettings:
    values: dict[str, Any] = {}
    for key in vendor.settings_type.__struct_fields__:
        value = _configured(vendor.name, key)
        if value is not None:
            values[key] = value
    try:
        # Not strict, since a number in the environment is text.
        return msgspec.convert(values, vendor.settings_type, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            f"{vendor.name}: {explain(error, vendor.settings_type)}. Mend it in "
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
