"""Each mistake in the configuration, and what is said of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sources import VENDORS, ConfigurationError, ConfiguredAccount
from sources.accounts.configuration import read_accounts
from sources.client.limits import Rate

SECRET = "sandbox-very-secret-value"
TURSO = {"organization": "acme", "api_token": SECRET}
MONGODB = {"org_id": "acme", "public_key": "public", "private_key": SECRET}
PLANETSCALE = {"organization": "acme", "service_token_id": "id", "service_token": SECRET}


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SOURCES__"):
            monkeypatch.delenv(name)


def read(
    monkeypatch: pytest.MonkeyPatch, vendor: str, *entries: Any, **settings: str
) -> list[ConfiguredAccount]:
    prefix = f"SOURCES__{vendor.upper()}__"
    monkeypatch.setenv(f"{prefix}ACCOUNTS", json.dumps(entries))
    for key, value in settings.items():
        monkeypatch.setenv(f"{prefix}{key.upper()}", value)
    return read_accounts([VENDORS[vendor]])


def refusal(monkeypatch: pytest.MonkeyPatch, vendor: str, *entries: Any, **settings: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        read(monkeypatch, vendor, *entries, **settings)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)
    return str(refused.value)


def test_nothing_is_configured() -> None:
    assert read_accounts(VENDORS.values()) == []


MISTAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "missing": ("turso", {"organization": "acme"}, "`api_token` is missing. Add it to"),
    "misspelt": (
        "turso",
        {**TURSO, "api_tokn": SECRET},
        "unknown key `api_tokn`. Did you mean `api_token`?",
    ),
    "unknown": (
        "turso",
        {**TURSO, "zzz": 1},
        "unknown key `zzz`. Known keys: name, organization, api_token",
    ),
    "type": ("turso", {**TURSO, "organization": 7}, "`organization` must be text, in quotes"),
    "secret's type": ("turso", {**TURSO, "api_token": 7}, "`api_token` must be text, in quotes"),
    "empty": ("turso", {**TURSO, "organization": ""}, "`organization` is empty"),
    "empty secret": ("turso", {**TURSO, "api_token": ""}, "`api_token` is empty"),
    "empty name": ("turso", {**TURSO, "name": ""}, "`name` is empty"),
    "bad paste": ("turso", {**TURSO, "api_token": SECRET + "\n"}, "`api_token` has white space"),
    "bad id": (
        "mongodb",
        {**MONGODB, "public_key": "two words"},
        "`public_key` has white space",
    ),
    "bad paste of an id": (
        "mongodb",
        {**MONGODB, "public_key": "word\n"},
        "`public_key` has white space",
    ),
    "two credentials": (
        "mongodb",
        {**MONGODB, "client_id": "c"},
        "it has two kinds of credential: give either public_key and private_key, or client_id",
    ),
    "no credential": (
        "mongodb",
        {"org_id": "acme"},
        "it has no credential: give either public_key and",
    ),
    "half a credential": (
        "mongodb",
        {"org_id": "acme", "private_key": SECRET},
        "`public_key` is missing: public_key and private_key go together",
    ),
    "no token": ("planetscale", {"organization": "acme"}, "it has no credential"),
    "two tokens": (
        "planetscale",
        {**PLANETSCALE, "oauth_token": SECRET},
        "two kinds of credential",
    ),
    "no list": (
        "planetscale",
        {**PLANETSCALE, "invoice_ids": "a"},
        "`invoice_ids` must be a list, in brackets",
    ),
    "api": (
        "mongodb",
        {**MONGODB, "api": "atlas/v3"},
        '`api` must be one of "atlas/v2", "atlas/v1.0", "public/v1.0"',
    ),
    "scheme": (
        "versori",
        {"organisation_id": "a", "api_key": SECRET, "auth_scheme": "Basic"},
        '`auth_scheme` must be one of "Bearer", "JWT"',
    ),
    "date": (
        "versori",
        {"organisation_id": "a", "api_key": SECRET, "start_date": "2024-13-01"},
        "`start_date` is no date: write it as 2024-01-31",
    ),
}


@pytest.mark.parametrize(("vendor", "entry", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_names_account_key_and_place(
    monkeypatch: pytest.MonkeyPatch, vendor: str, entry: dict[str, Any], said: str
) -> None:
    message = refusal(monkeypatch, vendor, entry)
    assert message.startswith(f"{vendor}, account 1")
    assert said in message


def test_the_account_is_told_by_index_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, "turso", TURSO, {"name": "second", "organization": "b"})
    assert message == (
        "turso, account 2 ('second'): `api_token` is missing. Add it to [[sources.turso.accounts]] "
        "number 2 in .dlt/secrets.toml (or in the JSON list SOURCES__TURSO__ACCOUNTS)"
    )


def test_two_accounts_of_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, "turso", TURSO, {**TURSO, "name": "acme"})
    assert "account 2 ('acme'): account 1 has the same name" in message


def test_an_entry_that_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it is no table of keys and values" in refusal(monkeypatch, "turso", SECRET)


@pytest.mark.parametrize(("value", "said"), [("[{", "is not JSON"), ('{"a":1}', "is no list")])
def test_accounts_that_are_no_list(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    monkeypatch.setenv("SOURCES__TURSO__ACCOUNTS", value)
    with pytest.raises(ConfigurationError, match=said):
        read_accounts(VENDORS.values())


def test_accounts_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As Docker, Kubernetes and systemd hand secrets over."""
    secrets = tmp_path / "turso"
    secrets.write_text(f"{json.dumps([TURSO])}\n")
    monkeypatch.setenv("SOURCES__TURSO__ACCOUNTS_FILE", str(secrets))
    monkeypatch.setenv("SOURCES__TURSO__ACCOUNTS", "")
    [account] = read_accounts(VENDORS.values())
    assert (account.vendor, account.name) == ("turso", "acme")


@pytest.mark.parametrize(
    ("content", "beside", "said"),
    [
        (None, "", "names {file}, which can't be read: No such file or directory"),
        (b" \n", "", "names {file}, which is empty"),
        (b"\xff", "", "which is not written in UTF-8"),
        (SECRET.encode(), "", "SOURCES__TURSO__ACCOUNTS is not JSON"),
        (b"[]", "[]", "SOURCES__TURSO__ACCOUNTS and SOURCES__TURSO__ACCOUNTS_FILE are both set"),
    ],
)
def test_a_file_of_accounts_that_is_refused(
    content: bytes | None, beside: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "turso"
    if content is not None:
        secrets.write_bytes(content)
    monkeypatch.setenv("SOURCES__TURSO__ACCOUNTS_FILE", str(secrets))
    monkeypatch.setenv("SOURCES__TURSO__ACCOUNTS", beside)
    with pytest.raises(ConfigurationError) as refused:
        read_accounts([VENDORS["turso"]])
    assert said.format(file=secrets) in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_misspelt_key_of_the_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, "versori", lookback_month="3")
    assert (
        "unknown key `lookback_month` in [sources.versori]. Did you mean `lookback_months`?"
        in message
    )


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        ("http://api.example.com", "must be https"),
        ("http://localhost.example.com", "must be https"),
        ("https://user:pass@api.example.com", "must not hold a user or password"),
        ("https://api.example.com/v1?x=1", "must not have a query or a fragment"),
        ("https://api.example.com/v1#", "must not have a query or a fragment"),
        ("api.example.com", "must begin with https:// and a host"),
        ("ftp://api.example.com", "must begin with https:// and a host"),
        ("https://exa mple:port", "is not a URL"),
    ],
)
def test_a_base_url_that_is_refused(
    monkeypatch: pytest.MonkeyPatch, base_url: str, said: str
) -> None:
    message = refusal(monkeypatch, "turso", TURSO, base_url=base_url)
    assert message.startswith("turso: `base_url` in [sources.turso] (SOURCES__TURSO__BASE_URL) ")
    assert said in message


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:80/x", "http://[::1]:8080", "http://localhost", "https://a.b/"]
)
def test_a_base_url_that_is_taken(monkeypatch: pytest.MonkeyPatch, base_url: str) -> None:
    (account,) = read(monkeypatch, "turso", TURSO, base_url=base_url)
    assert account.base_url == base_url.rstrip("/")


@pytest.mark.parametrize(
    ("settings", "rate"),
    [
        ({}, Rate(1000, 3600)),
        ({"requests_per_period": "7"}, Rate(7, 3600)),
        ({"period_seconds": "60"}, Rate(1000, 60)),
        ({"period_seconds": "0"}, None),
        ({"requests_per_period": "0"}, None),
    ],
)
def test_the_rate(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], rate: Rate | None
) -> None:
    (account,) = read(monkeypatch, "northflank", {"api_token": SECRET}, **settings)
    assert account.rate == rate


def test_a_rate_needs_its_period(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, "turso", TURSO, requests_per_period="7")
    assert "`requests_per_period` needs `period_seconds` beside it" in message


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("lookback_months", "0", "must be a whole number of at least 1"),
        ("lookback_months", "six", "must be a whole number"),
        ("period_seconds", "-1", "must be a whole number of at least 0"),
    ],
)
def test_a_setting_that_is_refused(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, said: str
) -> None:
    message = refusal(monkeypatch, "versori", **{key: value})
    assert message.startswith(f"versori: `{key}` {said}. Fix it in [sources.versori]")


@pytest.mark.parametrize(
    ("vendor", "entry", "name"),
    [
        ("turso", TURSO, "acme"),
        ("versori", {"organisation_id": "org", "api_key": SECRET}, "org"),
        ("mongodb", MONGODB, "acme"),
        ("northflank", {"api_token": SECRET}, "default"),
        ("northflank", {"api_token": SECRET, "team_id": "team"}, "team"),
        ("planetscale", PLANETSCALE, "acme"),
        ("planetscale", {**PLANETSCALE, "name": "own"}, "own"),
    ],
)
def test_the_name(
    monkeypatch: pytest.MonkeyPatch, vendor: str, entry: dict[str, Any], name: str
) -> None:
    (account,) = read(monkeypatch, vendor, entry)
    assert (account.vendor, account.name) == (vendor, name)


def test_no_secret_shows_or_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    (account,) = read(monkeypatch, "mongodb", MONGODB)
    assert SECRET not in repr(account) + str(account.account) + repr(
        list(account.account.__rich_repr__())
    )
    with pytest.raises(TypeError):
        msgspec.json.encode(account.account)


def test_toml_files_and_the_environment_together(tmp_path: Path) -> None:
    """As a process, since dlt reads its files once, from the working directory."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        "[sources.versori]\nlookback_months = 3\nbase_url = 'https://versori.example'\n"
    )
    (tmp_path / ".dlt" / "secrets.toml").write_text(
        "[[sources.versori.accounts]]\n"
        f"organisation_id = 'one'\napi_key = '{SECRET}'\nstart_date = 2024-02-01\n"
        "[[sources.versori.accounts]]\n"
        f"organisation_id = 'two'\napi_key = '{SECRET}'\nauth_scheme = 'JWT'\n"
    )
    code = """if True:
        import sources
        for each in sources.configured_accounts():
            months = getattr(each.settings, "lookback_months", "")
            start = getattr(each.account, "start_date", "")
            print(each.vendor, each.name, each.base_url, months, start)
    """
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "SOURCES__TURSO__ACCOUNTS": json.dumps([TURSO]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "turso acme https://api.turso.tech  ",
        f"versori one https://versori.example 3 {date(2024, 2, 1)}",
        "versori two https://versori.example 3 None",
    ]
