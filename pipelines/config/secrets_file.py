""".dlt/secrets.toml, as `billhouse init` writes it: once, for its owner alone, over nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.errors import JobError, UsageError

Entry = Mapping[str, str]
"""One account: the keys of the configuration and what was typed for them."""

_HEADER = "What `billhouse init` was told. Change it here; the documentation of each key is in"
_PAGES = "docs/vendors/. Keep it to its owner (chmod 600) and out of version control."


def secrets_file() -> Path:
    """Where dlt looks for secrets when `billhouse` starts in this folder."""
    return Path(".dlt", "secrets.toml").absolute()


def refuse_existing(file: Path) -> None:
    """Raises UsageError where the file is there already: it holds what nobody else has."""
    if os.path.lexists(file):
        raise UsageError(
            f"{file} exists, and init never changes it. Add the account there by hand, under"
            " [[sources.<vendor>.accounts]] (docs/vendors/ has the keys), or move the file away."
        )


def write_accounts(file: Path, accounts: Mapping[str, Sequence[Entry]]) -> None:
    """Write the accounts, vendor by vendor, as `[[sources.<vendor>.accounts]]`.

    Raises:
        UsageError: the file is there already.
        JobError: the folder can't be written to.
    """
    text = _toml(accounts)
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        refuse_existing(file)
        raise
    except OSError as error:
        raise JobError(
            f"{file} can't be written: {error.strerror or error}. Start `billhouse init` in a"
            " folder that this user may write to. Nothing was kept of what was typed."
        ) from error
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def _toml(accounts: Mapping[str, Sequence[Entry]]) -> str:
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(_HEADER))
    document.add(tomlkit.comment(_PAGES))
    document.add(tomlkit.nl())
    document.add(
        "sources",
        tomlkit.item({name: {"accounts": list(entries)} for name, entries in accounts.items()}),
    )
    return tomlkit.dumps(document)
