"""The questions of `billhouse init`: which vendors, which accounts, and their credentials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from pipelines.config.secrets_file import Entry
from sources.vendor import Credential, Vendor


def ask_accounts(vendors: Sequence[Vendor[Any]], *, wanted: bool) -> dict[str, list[Entry]]:
    """Each vendor's accounts as they are typed; a vendor without any is left out.

    `wanted` says that these vendors were named by the user, who need not be asked whether.
    """
    accounts: dict[str, list[Entry]] = {}
    for vendor in vendors:
        entries = list(_entries(vendor, wanted=wanted))
        if entries:
            accounts[vendor.name] = entries
    return accounts


def _entries(vendor: Vendor[Any], *, wanted: bool) -> Iterator[Entry]:
    names: set[str] = set()
    typer.echo()
    more = wanted or typer.confirm(f"{vendor.title}: load its invoices?", default=False)
    while more:
        name, entry = _ask_account(vendor, names)
        names.add(name)
        yield entry
        more = typer.confirm(f"Another account at {vendor.title}?", default=False)


def _ask_account(vendor: Vendor[Any], taken: set[str]) -> tuple[str, Entry]:
    """The name in the tables, and the entry; asks again until the vendor's type accepts it."""
    import msgspec

    from sources.accounts.validation import convert, explain

    while True:
        entry = _ask_keys(vendor)
        try:
            account = convert(vendor, entry)
        except msgspec.ValidationError as error:
            mistake = explain(error, vendor.account_type)
            typer.echo(f"That can't be used: {mistake}. Once more, please.", err=True)
            continue
        name = _ask_name(account.identity, taken)
        return name, entry if name == account.identity else {"name": name, **entry}


def _ask_keys(vendor: Vendor[Any]) -> dict[str, str]:
    import msgspec

    required = {each.name for each in msgspec.structs.fields(vendor.account_type) if each.required}
    entry: dict[str, str] = {}
    for key, question in vendor.setup.questions.items():
        optional = key not in required
        entry[key] = _prompt(f"{key} ({question})", default="" if optional else None)
    credential = _choose_credential(vendor.setup.credentials)
    typer.echo(credential.origin)
    for key in credential.keys:
        entry[key] = _prompt(f"{key} (is not shown)", hidden=True)
    return {key: value for key, value in entry.items() if value}


def _choose_credential(credentials: Sequence[Credential]) -> Credential:
    if len(credentials) == 1:
        return credentials[0]
    typer.echo("Which credential do you have, or will you make?")
    for number, credential in enumerate(credentials, start=1):
        typer.echo(f"  {number}  {credential.name}: {', '.join(credential.keys)}")
    numbers = [str(number) for number in range(1, len(credentials) + 1)]
    chosen = ""
    while chosen not in numbers:
        chosen = _prompt(f"Number, {' or '.join(numbers)}", default="1")
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
    answer: str = typer.prompt(text, default=default, hide_input=hidden, show_default=bool(default))
    return answer.strip()
