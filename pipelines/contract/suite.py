"""The suite: a vendor's source against its stand-in.

A vendor's own tests take it in, and say which vendor it is about:

    from pipelines.contract.suite import *

    @pytest.fixture
    def vendor() -> str:
        return "acme"
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec
import pytest

from pipelines.contract.fetched import AT_ONCE, Fetched, fetched
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources import (
    VENDORS,
    ConfigurationError,
    ConfiguredAccount,
    WarehouseState,
    check_accounts,
)
from sources.accounts.configuration import read_accounts
from sources.client.redaction import Secret
from sources.extract.due import KnownDetails

Reader = Callable[..., list[ConfiguredAccount]]

WRONG = "wrong-but-still-secret"


@pytest.fixture(scope="session")
def unchanging() -> Iterator[Sandbox]:
    """One sandbox for the tests that leave it as it is."""
    with running(World(seed=7, now="2026-03-17T12:00:00Z", months=8)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(World(seed=7, now="2026-03-17T12:00:00Z", months=8)) as sandbox:
        yield sandbox


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Reads a vendor's accounts of a sandbox through the configuration, changed by `change`."""

    def read(
        sandbox: Sandbox, vendor: str, change: Callable[[int, dict[str, Any]], None] | None = None
    ) -> list[ConfiguredAccount]:
        for name, value in sandbox.environment([vendor]).items():
            if name.endswith("__ACCOUNTS") and change is not None:
                entries = json.loads(value)
                for index, entry in enumerate(entries):
                    change(index, entry)
                value = json.dumps(entries)
            monkeypatch.setenv(name, value)
        return read_accounts([VENDORS[vendor]])

    return read


def get(sandbox: Sandbox, configured: Reader, vendor: str, **more: Any) -> Fetched:
    return fetched(*configured(sandbox, vendor), now=sandbox.world.now, **more)


def secrets(vendor: str) -> set[str]:
    """The keys that hold one."""
    fields = msgspec.structs.fields(VENDORS[vendor].account_type)
    return {each.name for each in fields if Secret in (each.type, *get_args(each.type))}


def hashes(result: Fetched) -> set[str]:
    return {row["version_hash"] for rows in result.rows.values() for row in rows}


def test_lists_come_whole(unchanging: Sandbox, configured: Reader, vendor: str) -> None:
    result = get(unchanging, configured, vendor)
    assert {each.outcome for each in result.results} == {"ok"}, result.results
    for account in unchanging.world.accounts(vendor):
        listed = unchanging.world.invoices(vendor, account)
        expected = {invoice.document or invoice.key for invoice in listed}
        keys = {
            row["document_key"]
            for row in result.rows[vendor, "invoices"]
            if row["account"] == account.name and row["document"] != "null"
        }
        assert keys == expected


def test_documents_are_json_and_keys_unique(
    unchanging: Sandbox, configured: Reader, vendor: str
) -> None:
    result = get(unchanging, configured, vendor)
    for rows in result.rows.values():
        places = Counter((row["account"], row["listing"], row["document_key"]) for row in rows)
        assert max(places.values()) == 1
        for row in rows:
            assert (json.loads(row["document"]) is None) == (row["document_key"] == "")
            assert len(row["version_hash"]) == 64
    assert sum(each.documents for each in result.results) == sum(
        row["document_key"] != "" for rows in result.rows.values() for row in rows
    )


def test_an_unchanged_api_gives_equal_hashes(
    unchanging: Sandbox, configured: Reader, vendor: str
) -> None:
    """Although signed links may change with every request."""
    first = get(unchanging, configured, vendor)
    second = get(unchanging, configured, vendor)
    assert hashes(first) == hashes(second)


def test_a_month_later_there_are_new_versions(
    sandbox: Sandbox, configured: Reader, vendor: str
) -> None:
    first = get(sandbox, configured, vendor)
    sandbox.advance(1)
    second = get(sandbox, configured, vendor)
    assert {each.outcome for each in second.results} == {"ok"}
    assert hashes(second) - hashes(first)


def test_details_come_for_each_listed_invoice_and_not_again(
    unchanging: Sandbox, configured: Reader, vendor: str
) -> None:
    result = get(unchanging, configured, vendor)
    entities = VENDORS[vendor].entities
    if len(entities) == 1:
        assert all(not fetched for fetched in result.details.values())
        return
    listed = {
        (row["account"], row["document_key"])
        for row in result.rows[vendor, "invoices"]
        if row["document_key"]
    }
    assert {(row["account"], row["listing"]) for row in result.rows[vendor, entities[1]]} == listed
    assert {(who[1], key) for who, found in result.details.items() for key in found} == listed

    known = WarehouseState(
        details={who: KnownDetails(held) for who, held in result.details.items()}
    )
    again = get(unchanging, configured, vendor, known=known)
    assert again.rows[vendor, entities[1]] == []
    assert not any(again.details.values())


def test_requests_are_counted(sandbox: Sandbox, configured: Reader, vendor: str) -> None:
    result = get(sandbox, configured, vendor)
    assert sum(each.requests for each in result.results) == sum(sandbox.requests.values())


def test_a_wrong_credential_fails_its_account_only(
    unchanging: Sandbox, configured: Reader, vendor: str
) -> None:
    def spoil(index: int, entry: dict[str, Any]) -> None:
        if index == 0:
            entry.update(dict.fromkeys(secrets(vendor) & entry.keys(), WRONG))

    accounts = configured(unchanging, vendor, spoil)
    results = fetched(*accounts, now=unchanging.world.now).results
    assert [each.outcome for each in results] == ["failed"] + ["ok"] * (len(results) - 1)
    error = results[0].error
    assert error is not None
    assert "answered 401 Unauthorized" in error
    assert VENDORS[vendor].remedies[401] in error
    assert WRONG not in error


def test_a_missing_permission_is_named(
    unchanging: Sandbox, configured: Reader, vendor: str
) -> None:
    powerless = unchanging.world.accounts(vendor)[0].unprivileged
    if not powerless:
        pytest.skip("this vendor documents no permission")

    def demote(_: int, entry: dict[str, Any]) -> None:
        for credential in VENDORS[vendor].setup.credentials:
            for key in credential.keys:
                entry.pop(key, None)
        entry.update(powerless)

    account = configured(unchanging, vendor, demote)[0]
    error = fetched(account, now=unchanging.world.now).error
    # Some vendors answer 404 lest it be known what there is.
    status = 403 if "answered 403" in error else 404
    assert f"answered {status}" in error
    assert VENDORS[vendor].remedies[status] in error


def test_check_takes_few_requests_and_finds_what_is_wrong(
    sandbox: Sandbox, configured: Reader, vendor: str
) -> None:
    accounts = configured(sandbox, vendor)
    assert [each.error for each in check_accounts(accounts, AT_ONCE)] == [None] * len(accounts)
    assert sum(sandbox.requests.values()) <= 2 * len(accounts)

    def spoil(_: int, entry: dict[str, Any]) -> None:
        entry.update(dict.fromkeys(secrets(vendor) & entry.keys(), WRONG))

    for each in check_accounts(configured(sandbox, vendor, spoil), AT_ONCE):
        assert each.error is not None
        assert VENDORS[vendor].remedies[401] in str(each.error)


def test_an_unknown_key_is_refused(unchanging: Sandbox, configured: Reader, vendor: str) -> None:
    def misspell(_: int, entry: dict[str, Any]) -> None:
        entry["nmae"] = entry.pop("name")

    with pytest.raises(ConfigurationError, match=r"unknown key `nmae`\. Did you mean `name`\?"):
        configured(unchanging, vendor, misspell)


def test_each_required_key_is_asked_for(
    unchanging: Sandbox, configured: Reader, vendor: str
) -> None:
    required = [
        field.name
        for field in msgspec.structs.fields(VENDORS[vendor].account_type)
        if field.required
    ]
    for name in required:
        with pytest.raises(ConfigurationError, match=f"{vendor}, account 1 .*`{name}` is missing"):
            configured(unchanging, vendor, lambda _, entry, name=name: entry.pop(name))
