""".dlt/secrets.toml, as `billhouse init` writes it: for its owner alone, and losing nothing."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.errors import JobError, UsageError

Entry = Mapping[str, Any]
"""One account: the keys of the configuration and their values."""
Accounts = Mapping[str, Sequence[Entry]]
"""The accounts of each vendor."""

_HEADER = """\
# What `billhouse init` was told. Change it by running that again, or here; docs/vendors/ has a page
# with each vendor's keys. Keep it to its owner (chmod 600) and out of version control.

"""


def secrets_file() -> Path:
    """Where dlt looks for secrets when `billhouse` starts in this folder."""
    return Path(".dlt", "secrets.toml").absolute()


def read_text(file: Path) -> str:
    """What the file holds; empty where there is none. Raises UsageError if it can't be read."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't written in UTF-8"
        raise UsageError(f"{file} can't be read: {reason}. Fix that first.") from error


def accounts_in(file: Path, text: str) -> Accounts:
    """The accounts in the file's text. Raises UsageError where it is no such TOML."""
    try:
        sources = tomllib.loads(text).get("sources", {})
        found = {name: section.get("accounts", []) for name, section in sources.items()}
        if all(isinstance(each, dict) for entries in found.values() for each in entries):
            return found
        reason = "its accounts are no lists of tables"
    except (tomllib.TOMLDecodeError, AttributeError, TypeError) as error:
        # What else is no table has no such attribute; what is no list can't be gone through.
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "`sources` is none"
    raise UsageError(f"{file} is not valid: {reason}. Fix it there first; nothing was changed.")


def write_accounts(file: Path, before: str, accounts: Accounts) -> None:
    """Write the accounts in the place of those that the text `before` has; all else stays.

    `accounts` may change some of a vendor's and add more, and takes none away.

    Raises:
        UsageError: the text can't be changed without losing something.
        JobError: the folder can't be written to, or somebody else wrote the file meanwhile.
    """
    text = _edited(file, before, accounts)
    target = Path(os.path.realpath(file))
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if read_text(target) != before:
            raise JobError(f"{file} was changed by somebody else meanwhile. Nothing was written.")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            if target.exists():
                # What the operator opened to somebody stays so.
                found = target.stat()
                os.fchown(descriptor, found.st_uid, found.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(found.st_mode))
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        unfinished.replace(target)
    except OSError as error:
        raise JobError(
            f"{file} can't be written: {error.strerror or error}. Start `billhouse init` in a"
            " folder that this user may write to. Nothing was kept of what was typed."
        ) from error


def _edited(file: Path, before: str, accounts: Accounts) -> str:
    import tomlkit

    document = tomlkit.parse(before or _HEADER)
    sources = _section(document, "sources")
    for name, entries in accounts.items():
        vendor = _section(sources, name)
        if "accounts" not in vendor:
            vendor["accounts"] = tomlkit.aot()
        held = vendor["accounts"]
        for present, entry in zip(list(held), entries, strict=False):
            for key in [each for each in present if each not in entry]:
                del present[key]
            present.update({key: entry[key] for key in entry if present.get(key) != entry[key]})
        for entry in entries[len(held) :]:
            held.append(_table(entry) if isinstance(held, tomlkit.items.AoT) else dict(entry))
    text = tomlkit.dumps(document)
    wanted = tomllib.loads(before)
    for name, entries in accounts.items():
        wanted.setdefault("sources", {}).setdefault(name, {})["accounts"] = list(entries)
    # tomlkit loses parts of sections that stand in several places.
    if tomllib.loads(text) != wanted:
        raise UsageError(
            f"{file} can't be changed without losing something, so it is as it was. Bring the"
            " accounts of each vendor together there, or add this one by hand (docs/vendors/ has"
            " the keys)."
        )
    return text


def _table(entry: Entry) -> Any:
    import tomlkit

    table = tomlkit.table()
    table.update(entry)
    table.add(tomlkit.nl())
    return table


def _section(parent: Any, name: str) -> Any:
    import tomlkit

    if name not in parent:
        parent[name] = tomlkit.table(is_super_table=True)
    return parent[name]
