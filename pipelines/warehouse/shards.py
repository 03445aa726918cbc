"""A warehouse in shards: each holds some of the credentials, in a folder that is a warehouse.

How many there are, and where each account is, stands in `shards/shards.json`. An account stays
where it was first put, whatever its token is by then: its history lies there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.errors import JobError, UsageError
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.lock import holding
from pipelines.warehouse.writing import replacing

if TYPE_CHECKING:
    from sources.vendor import ConfiguredAccount

MOST_SHARDS = 10_000
_SHARD = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})")

Places = dict[str, dict[str, int]]
"""Vendor → account → the number of its shard."""


@dataclass(frozen=True)
class Shard:
    """One of so many; the first is 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True)
class ShardedAccounts:
    """A shard's accounts. `credentials` names for each the credential that it is read with: by the
    first account that shares it, never by the secret."""

    accounts: Sequence[ConfiguredAccount]
    credentials: Mapping[tuple[str, str], str]


def parse(text: str) -> Shard:
    """`3/256` → the third of 256. Raises UsageError."""
    found = _SHARD.fullmatch(text)
    if found:
        shard = Shard(int(found[1]), int(found[2]))
        if shard.number <= shard.of <= MOST_SHARDS:
            return shard
    raise UsageError(
        f"--shard {text!r} is none. Write its number, counted from 1, and how many there are, like"
        f" 3/256; {MOST_SHARDS:,} at most."
    )


def number_of_shards(warehouse: Warehouse) -> int | None:
    """How many shards the warehouse was set up with; None where it is in one piece."""
    return _read(warehouse)[0] if warehouse.shards_file.exists() else None


def in_shard(warehouse: Warehouse, shard: Shard) -> Warehouse:
    """The shard's own folder: its lock, its work database and what it publishes."""
    return replace(
        warehouse,
        directory=warehouse.shards_folder / str(shard.number),
        shard=shard.number,
        lake=None,
    )


def settle(
    warehouse: Warehouse,
    shard: Shard,
    accounts: Sequence[ConfiguredAccount],
    *,
    lock_timeout: float,
) -> ShardedAccounts:
    """Which of the configured accounts are this shard's. The first to ask sets the warehouse up.

    Raises:
        UsageError: the warehouse has another number of shards, or is in one piece; or accounts that
            share a credential lie in several shards.
        JobError: another one sets it up and doesn't end, or what it wrote can't be read.
    """
    if warehouse.work.exists():
        raise UsageError(
            f"{warehouse.directory} holds a warehouse in one piece, which can't be cut into shards."
            " Set warehouse.directory to a new folder and run all shards there: what the vendors"
            " still list is fetched again, and earlier versions stay in the old one."
        )
    with holding(Warehouse(warehouse.shards_folder), lock_timeout=lock_timeout):
        count, places = _read(warehouse) if warehouse.shards_file.exists() else (shard.of, {})
        if count != shard.of:
            raise UsageError(
                f"The warehouse {warehouse.directory} was set up with {count} shards, so that"
                f" --shard {shard} is none of it. Run --shard 1/{count} to {count}/{count}. For"
                f" {shard.of} shards, set warehouse.directory and [lake] to new folders and run all"
                " of them there: what the vendors still list is fetched again, and earlier versions"
                " stay in the old ones."
            )
        before = json.dumps(places)
        credentials = _place(accounts, count, places)
        if json.dumps(places) != before or not warehouse.shards_file.exists():
            _write(warehouse, count, places)
    mine = [each for each in accounts if places[each.vendor][each.name] == shard.number]
    return ShardedAccounts(mine, credentials)


def rename(
    warehouse: Warehouse, vendor: str, old: str, new: str, *, lock_timeout: float
) -> Warehouse:
    """Keep an account's shard for its new name, and return that shard, whose history it is; any
    other warehouse as it is. The old name keeps its place: what moves the history may be killed.

    Raises:
        UsageError: no shard has the account, or another one has been loaded under its new name.
        JobError: another one sets the warehouse up and doesn't end, or what it wrote can't be read.
    """
    house = warehouse
    if not warehouse.shards_file.exists():
        house = Warehouse(warehouse.directory.parent.parent)
        if warehouse.directory.parent != house.shards_folder or not house.shards_file.exists():
            return warehouse
    with holding(Warehouse(house.shards_folder), lock_timeout=lock_timeout):
        count, places = _read(house)
        here = places.get(vendor, {})
        number, taken = here.get(old), here.get(new)
        if number is None:
            raise UsageError(
                f"No shard of {house.directory} holds an account {old!r} of {vendor}. They hold:"
                f" {', '.join(sorted(here)) or 'none'}. Give the name that the tables call it by."
            )
        if taken not in (None, number):
            raise UsageError(
                f"{new!r} was loaded into shard {taken} already, and the history of {old!r} lies in"
                f" shard {number}: the two can't be joined, and their invoices count twice. Put"
                f" shard {taken} back to a backup from before that, take {new!r} out of"
                f" {house.shards_file}, and rename again before the next run."
            )
        here[new] = number
        _write(house, count, places)
    return in_shard(house, Shard(number, count))


def _place(
    accounts: Sequence[ConfiguredAccount], count: int, places: Places
) -> dict[tuple[str, str], str]:
    """Put those that have no place beside whom they share a credential with, else where a hash says
    that is the same on every machine."""
    sharing: dict[tuple[str, object], list[str]] = {}
    for each in accounts:
        sharing.setdefault((each.vendor, each.account.credential), []).append(each.name)
    credentials = {}
    for (vendor, _), names in sharing.items():
        here = places.setdefault(vendor, {})
        held = {here[name] for name in names if name in here}
        if len(held) > 1:
            raise UsageError(
                f"The {vendor} accounts {', '.join(sorted(names))} share a credential, and so its"
                f" rate limit, but lie in the shards {', '.join(map(str, sorted(held)))}. Give"
                " those in one shard a token of their own."
            )
        first = min(names)
        digest = hashlib.sha256(f"{vendor}/{first}".encode()).digest()
        number = held.pop() if held else int.from_bytes(digest) % count + 1
        here.update(dict.fromkeys(names, number))
        credentials.update(dict.fromkeys(((vendor, name) for name in names), f"{vendor}/{first}"))
    return credentials


def _write(warehouse: Warehouse, count: int, places: Places) -> None:
    with replacing(warehouse.shards_file) as beside:
        text = json.dumps({"shards": count, "accounts": places}, indent=1, sort_keys=True)
        beside.write_text(f"{text}\n", encoding="utf-8")


def _read(warehouse: Warehouse) -> tuple[int, Places]:
    try:
        found = json.loads(warehouse.shards_file.read_text(encoding="utf-8"))
        return int(found["shards"]), dict(found["accounts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"{warehouse.shards_file}, which says where each account lies, can't be read"
            f" ({error}). Nothing was changed. Put back a copy of it: without it accounts would be"
            " loaded into other shards once more."
        ) from error
