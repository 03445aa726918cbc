"""The questions of `billhouse init`: which vendors, which accounts, and their credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from pipelines.config.secrets_file import Accounts, Entry
from sources.vendor import Credential, Vendor

_NOTHING: Mapping[str, Any] = {}


def ask_accounts(
    vendors: Sequence[Vendor[Any]], known: Accounts, *, wanted: bool
) -> dict[str, list[Entry]]:
    """Each vendor's accounts: the known ones, as they are or corrected, then those that are typed.

    A vendor without any is left out. `wanted` says that these vendors were named by the user, who
    need not be asked whether.
    """
    accounts: dict[str, list[Entry]] = {}
    for vendor in vendors:
        entries = list(_entries(vendor, known.get(vendor.name, ()), wanted=wanted))
        if entries:
            accounts[vendor.name] = entries
    return accounts


def _entries(vendor: Vendor[Any], known: Sequence[Entry], *, wanted: bool) -> Iterator[Entry]:
    names = {_name(vendor, entry) for entry in known}
    typer.echo()
    for entry in known:
        if typer.confirm(f"{vendor.title}, {_told(vendor, entry)}: change it?", default=False):
            names.discard(_name(vendor, entry))
            name, corrected = _ask_account(vendor, names, entry)
            names.add(name)
            yield corrected
        else:
            yield entry
    another = f"Another account at {vendor.title}?"
    if known:
        more = typer.confirm(another, default=False)
    else:
        more = wanted or typer.confirm(f"{vendor.title}: load its invoices?", default=False)
    while more:
        name, entry = _ask_account(vendor, names, _NOTHING)
        names.add(name)
        yield entry
        more = typer.confirm(another, default=False)


def _name(vendor: Vendor[Any], entry: Entry) -> str:
    """What the tables call a known account; empty where it can't be used as it is."""
    import msgspec

    from sources.accounts.validation import convert

    try:
        account = convert(vendor, dict(entry))
    except msgspec.ValidationError:
        return ""
    return account.name or account.identity


def _told(vendor: Vendor[Any], entry: Entry) -> str:
    """What is known of an account, without what is secret."""
    told = [f"{key} {entry[key]}" for key in ("name", *vendor.setup.questions) if key in entry]
    secrets = [
        f"{key} is set"
        for credential in vendor.setup.credentials
        for key in credential.keys
        if entry.get(key)
    ]
    return ", ".join(told + secrets) or "an account without keys"


def _ask_account(vendor: Vendor[Any], taken: set[str], known: Entry) -> tuple[str, Entry]:
    """The name in the tables, and the entry; asks again until the vendor's type accepts it."""
    import msgspec

    from sources.accounts.validation import convert, explain

    while True:
        entry = _ask_keys(vendor, known)
        try:
            account = convert(vendor, entry)
        except msgspec.ValidationError as error:
            mistake = explain(error, vendor.account_type)
            typer.echo(f"That can't be used: {mistake}. Once more, please.", err=True)
            continue
        name = _ask_name(known.get("name") or account.identity, taken)
        return name, entry if name == account.identity else {"name": name, **entry}


def _ask_keys(vendor: Vendor[Any], known: Entry) -> dict[str, Any]:
    """Enter keeps what is known."""
    import msgspec

    fields = msgspec.structs.fields(vendor.account_type)
    required = {each.name for each in fields if each.required}
    credentials = [key for each in vendor.setup.credentials for key in each.keys]
    asked = (*vendor.setup.questions, *credentials, "name")
    entry: dict[str, Any] = {key: value for key, value in known.items() if key not in asked}
    for key, question in vendor.setup.questions.items():
        held = known.get(key)
        default = "" if key not in required else None
        typed = _prompt(f"{key} ({question})", default=default if held is None else str(held))
        entry[key] = held if held is not None and typed == str(held) else typed
    if vendor.setup.credentials:
        _ask_credential(vendor.setup.credentials, known, entry)
    return {key: value for key, value in entry.items() if value not in ("", None)}


def _ask_credential(credentials: Sequence[Credential], known: Entry, entry: dict[str, Any]) -> None:
    credential = _choose_credential(credentials, known)
    typer.echo(credential.origin)
    for key in credential.keys:
        kept = "; Enter keeps it" if known.get(key) else ""
        typed = _prompt(f"{key} (is not shown{kept})", default="" if kept else None, hidden=True)
        entry[key] = typed or known.get(key)


def _choose_credential(credentials: Sequence[Credential], known: Entry) -> Credential:
    if len(credentials) == 1:
        return credentials[0]
    typer.echo("Which credential do you have, or will you make?")
    held = 1
    for number, credential in enumerate(credentials, start=1):
        typer.echo(f"  {number}  {credential.name}: {', '.join(credential.keys)}")
        held = number if any(known.get(key) for key in credential.keys) else held
    numbers = [str(number) for number in range(1, len(credentials) + 1)]
    chosen = ""
    while chosen not in numbers:
        chosen = _prompt(f"Number, {' or '.join(numbers)}", default=str(held))
    return credentials[int(chosen) - 1]


def _ask_name(identity: str, taken: set[str]) -> str:
    while True:
        default = None if identity in taken else identity
        name = _prompt("What shall the tables call this account?", default=default)
        if name not in taken:
            return name
        typer.echo(f"{name!r} is already another account of this vendor.", err=True)


def _prompt(text: str, *, default: str | None = None, hidden: bool = False) -> str:
    """The white space around an answer is a bad paste's; no key of any vendor has it."""
    answer: str = typer.prompt(
        text, default=default, hide_input=hidden, show_default=bool(default) and not hidden
    )
    return answer.strip()
