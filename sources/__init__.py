"""The vendors' billing APIs: configured accounts in, whole listings of verbatim documents out.

The names are looked up when they are first used: who reads a setting shall not wait for dlt, which
takes more than a second to be imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.extract.source import DltSource

    from sources.accounts.check import CheckResult, check_accounts
    from sources.client.retry import RetryPolicy
    from sources.errors import ConfigurationError, FetchError, SourceError
    from sources.extract.account import AccountResult, FetchEvent
    from sources.extract.run import Fetch
    from sources.extract.state import WarehouseState
    from sources.registry import VENDORS
    from sources.vendor import ConfiguredAccount, Vendor

__all__ = [
    "VENDORS",
    "AccountResult",
    "CheckResult",
    "ConfigurationError",
    "ConfiguredAccount",
    "Fetch",
    "FetchError",
    "FetchEvent",
    "RetryPolicy",
    "SourceError",
    "Vendor",
    "WarehouseState",
    "check_accounts",
    "configured_accounts",
    "source",
]
_MODULES = {
    "VENDORS": "registry",
    "AccountResult": "extract.account",
    "CheckResult": "accounts.check",
    "ConfigurationError": "errors",
    "ConfiguredAccount": "vendor",
    "Fetch": "extract.run",
    "FetchError": "errors",
    "FetchEvent": "extract.account",
    "WarehouseState": "extract.state",
    "RetryPolicy": "client.retry",
    "SourceError": "errors",
    "Vendor": "vendor",
    "check_accounts": "accounts.check",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def configured_accounts() -> list[ConfiguredAccount]:
    """Every configured account, in the registry's order. Raises ConfigurationError."""
    from sources.accounts.configuration import read_accounts
    from sources.registry import VENDORS

    return read_accounts(VENDORS.values())


def source(vendor: str, fetch: Fetch | None = None) -> DltSource:
    """A vendor as a dlt source: a resource `<vendor>__<entity>` for each of its entities.

    With a `fetch` that is open it yields what that hands over, and `fetch.results()` tells which
    accounts failed. Without one it fetches all of the vendor's configured accounts in full:

        os.environ["NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID"] = "true"
        pipeline = dlt.pipeline("invoices", destination="duckdb", dataset_name="raw")
        pipeline.run(sources.source("turso"))

    Then an account that fails fails the pipeline's extraction with `FetchError`, and nothing is
    loaded. Raises KeyError for a vendor that isn't in `VENDORS`, and ConfigurationError.
    """
    from sources.extract.resources import fetched_source, self_fetching_source
    from sources.registry import VENDORS

    if fetch is None:
        return self_fetching_source(VENDORS[vendor])
    return fetched_source(VENDORS[vendor], fetch)
