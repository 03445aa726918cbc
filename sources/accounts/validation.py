"""What is wrong with a configured account, said with the key and the place where it belongs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from sources.client.redaction import Secret
from sources.errors import ConfigurationError
from sources.vendor import Account, Vendor

NOT_FOR_HEADERS = "has white space or a character that is not ASCII, as after a bad paste"
_KINDS = {
    "array": "a list, in brackets",
    "bool": "true or false",
    "int": "a whole number",
    "str": "text, in quotes",
}
_EXPECTED = re.compile(rf"Expected `(?P<kind>{'|'.join(_KINDS)})\b[^`]*`(?: >= (?P<least>\d+))?")


def check_account(vendor: Vendor[Any], index: int, entry: Any) -> Account:
    """One entry of the list of accounts as the vendor's account type, or a ConfigurationError."""
    where = f"{vendor.name}, account {index}{_called(entry)}"
    place = _place(vendor.name, index)
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{where}: it is no table of keys and values. Write it as {place}")
    fields = msgspec.structs.fields(vendor.account_type)
    names = [field.name for field in fields]
    for key in entry:
        if key not in names:
            raise ConfigurationError(f"{where}: unknown key `{key}`. {_meant(str(key), names)}")
    for field in fields:
        if field.required and field.name not in entry:
            raise ConfigurationError(f"{where}: `{field.name}` is missing. Add it to {place}")
    try:
        return convert(vendor, entry)
    except msgspec.ValidationError as error:
        mistake = explain(error, vendor.account_type)
        raise ConfigurationError(f"{where}: {mistake}. Fix it in {place}") from None


def convert(vendor: Vendor[Any], entry: dict[str, Any]) -> Account:
    """An account as the vendor's type. Raises msgspec.ValidationError, for `explain`."""
    account: Account = msgspec.convert(entry, vendor.account_type, dec_hook=_secret)
    return account


def check_keys(vendor: Vendor[Any], keys: Iterable[str]) -> None:
    """Refuses a misspelt key of `[sources.<vendor>]`, which would leave the vendor out unseen.

    Only what is near to a key of ours: dlt has settings of its own in the same section.
    """
    known = ["accounts", *vendor.settings_type.__struct_fields__]
    for key in keys:
        if key not in known and difflib.get_close_matches(key, known, n=1, cutoff=0.75):
            raise ConfigurationError(
                f"{vendor.name}: unknown key `{key}` in [sources.{vendor.name}]. "
                f"{_meant(key, known)}"
            )


def explain(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> str:
    """msgspec's message about a `kind` in a person's words. It quotes no value of a secret."""
    reason, _, path = str(error).partition(" - at `")
    key = path.rstrip("`").removeprefix("$").removeprefix(".")
    return f"`{key}` {_in_words(reason, key, kind)}" if key else reason


def _in_words(reason: str, key: str, kind: type[msgspec.Struct]) -> str:
    if reason.endswith("of length >= 1"):
        return "is empty"
    if "matching regex" in reason:
        return NOT_FOR_HEADERS
    if reason.startswith("Invalid enum value"):
        return f"must be one of {_choices(key, kind)}"
    if "RFC3339" in reason:
        return "is no date: write it as 2024-01-31"
    expected = _EXPECTED.match(reason)
    if expected is None:
        return reason
    least = f" of at least {expected['least']}" if expected["least"] else ""
    return f"must be {_KINDS[expected['kind']]}{least}"


def _choices(key: str, kind: type[msgspec.Struct]) -> str:
    [field] = [each for each in msgspec.structs.fields(kind) if each.name == key]
    return ", ".join(f'"{choice}"' for choice in get_args(field.type))


def _secret(kind: type, value: Any) -> Any:
    """msgspec's hook for `Secret`: what can't stand in a request header is refused here, where the
    message can name the key, and not quote the secret."""
    if kind is not Secret:
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")
    if not value:
        raise ValueError("is empty")
    if not (value.isascii() and value.isprintable() and " " not in value):
        raise ValueError(NOT_FOR_HEADERS)
    return Secret(value)


def _called(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f" ({name!r})" if isinstance(name, str) and name else ""


def _place(vendor: str, index: int) -> str:
    return (
        f"[[sources.{vendor}.accounts]] number {index} in .dlt/secrets.toml "
        f"(or in the JSON list SOURCES__{vendor.upper()}__ACCOUNTS)"
    )


def _meant(key: str, names: list[str]) -> str:
    near = difflib.get_close_matches(key, names, n=1)
    known = "Known keys: " + ", ".join(names)
    return f"Did you mean `{near[0]}`? {known}" if near else known
