"""What a shard leaves for the lake: its published tables as Parquet files that nobody changes.

An attempt is a folder, `parts/<shard>/<generation>` below the lake's data path. Making it is a
claim that one alone can win, and from then on no attempt of a lower number is gathered: who made
that is believed dead. Its files bear both numbers and a mark, and lie where DuckLake would put its
own; `part.json` in the attempt's folder, written last, says which they are, and so that all are
there. Where the files are in an object store, attempts are still folders of a file system.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from pipelines.config.lake import Lake
from pipelines.errors import JobError
from pipelines.publish.object_store import files_of
from pipelines.warehouse.shards import Shard
from pipelines.warehouse.writing import sync

SHARD, MONTH = "shard", "partition_month"
"""What a lake's tables have beside their own columns."""

_PARTS, _MANIFEST = "parts", "part.json"
_NAME = re.compile(r"(?P<shard>[0-9]+)-(?P<generation>[0-9]+)-[0-9a-f]+-[0-9]+\.parquet")


class PartTable(msgspec.Struct, frozen=True):
    """A table of a part: types by column, the hashes of its files by their path below the data
    path, and by which columns they are parted."""

    columns: dict[str, str]
    files: dict[str, str]
    parted_by: list[str]
    is_everywhere_the_same: bool


class Part(msgspec.Struct, frozen=True):
    """What an attempt left. `credentials` are vendor, account and the credential's name; without
    tables the shard had no account, and keeps what it has."""

    shard: int
    of: int
    generation: int
    run_id: str
    started_at: datetime
    exit_code: int
    credentials: list[tuple[str, str, str]]
    tables: dict[str, PartTable] = {}
    views: dict[str, str] = {}


@dataclass(frozen=True)
class Attempt:
    """One try of one shard. `folder` is its own; `mark` keeps its files from taking the place of
    those of another with its number, if ever the folders are lost, and what they wrote is not."""

    lake: Lake
    shard: Shard
    generation: int
    mark: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def folder(self) -> Path:
        return _folder(self.lake, self.shard.number) / str(self.generation)

    @property
    def begin_of_names(self) -> str:
        """How the names of its files begin."""
        return f"{self.shard.number}-{self.generation}-{self.mark}-"

    def is_newest(self) -> bool:
        """Whether nobody else took the shard over."""
        return _newest(self.folder.parent) == self.generation


def claim(lake: Lake, shard: Shard) -> Attempt:
    """Begin an attempt, whose number is higher than that of all before. Raises JobError where the
    data path can't be written to."""
    folder = _folder(lake, shard.number)
    try:
        lake.data_path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            generation = _newest(folder) + 1
            try:
                (folder / str(generation)).mkdir()
            except FileExistsError:
                continue
            return Attempt(lake, shard, generation)
    except OSError as error:
        raise JobError(
            f"The lake's data path {lake.data_path} can't be written to: {error.strerror or error}."
            " Nothing was fetched. Let this user write there, or set data_path in [lake] to another"
            " folder."
        ) from error


def finish(attempt: Attempt, part: Part) -> None:
    """Say that the part is whole, once its files are on the disk.

    Raises:
        JobError: another attempt took the shard over meanwhile.
    """
    if attempt.lake.store is None:
        _secure(attempt.lake, [file for table in part.tables.values() for file in table.files])
    if not attempt.is_newest():
        raise JobError(
            f"Another attempt took shard {attempt.shard} over while this one was at work, so that"
            f" what this one built isn't published. Nothing is lost: see how that one ended."
        )
    unfinished = attempt.folder / f".{_MANIFEST}"
    unfinished.write_bytes(msgspec.json.encode(part))
    _secure(attempt.lake, [str(unfinished.relative_to(attempt.lake.data_path))])
    # A link, since a rename would replace what is there.
    os.link(unfinished, attempt.folder / _MANIFEST)
    unfinished.unlink()
    sync(attempt.folder)


def newest_part(lake: Lake, shard: int) -> Part | int:
    """What the shard's newest attempt left; the attempt's number where it left nothing (yet), and 0
    where there was none."""
    generation = _newest(_folder(lake, shard))
    return part_of(lake, shard, generation) or generation


def part_of(lake: Lake, shard: int, generation: int) -> Part | None:
    """What this attempt left. Raises JobError where that can't be read."""
    file = _folder(lake, shard) / str(generation) / _MANIFEST
    try:
        return msgspec.json.decode(file.read_bytes(), type=Part)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise JobError(
            f"{file} can't be read: {error}. Run the shard once more, which leaves another part."
        ) from error


def newest_filled(lake: Lake, shard: int) -> Part | None:
    """The newest part of the shard that has tables, gathered or not."""
    for generation in reversed(_generations(_folder(lake, shard))):
        part = part_of(lake, shard, generation)
        if part is not None and part.tables:
            return part
    return None


def overtaken_files(lake: Lake) -> Iterator[str]:
    """What attempts wrote that aren't the newest of their shard, and what no part needs any more
    that is still to be gathered: names below the data path."""
    from pyarrow.fs import FileSelector

    newest: dict[int, int] = {}
    needed: set[str] = set()
    for shard in (int(each.name) for each in (lake.data_path / _PARTS).glob("[0-9]*")):
        newest[shard] = _newest(_folder(lake, shard))
        part = newest_filled(lake, shard)
        for table in part.tables.values() if part else ():
            needed |= table.files.keys()
    everything = FileSelector("main", recursive=True, allow_not_found=True)
    for file in files_of(lake).get_file_info(everything):
        found = _NAME.fullmatch(file.base_name)
        is_overtaken = found and int(found["generation"]) < newest.get(int(found["shard"]), 0)
        if is_overtaken and file.path not in needed:
            yield file.path


def _folder(lake: Lake, shard: int) -> Path:
    return lake.data_path / _PARTS / str(shard)


def _newest(folder: Path) -> int:
    return max(_generations(folder), default=0)


def _generations(folder: Path) -> list[int]:
    try:
        return sorted(int(each.name) for each in folder.iterdir() if each.name.isdecimal())
    except FileNotFoundError:
        return []


def _secure(lake: Lake, files: Sequence[str]) -> None:
    """Wait until all is on the disk, and open it to whom the data path is open."""
    mode = lake.data_path.stat().st_mode & 0o777
    folders = set()
    for file in (lake.data_path / name for name in files):
        file.chmod(mode & 0o666)
        sync(file)
        folders |= {each for each in file.parents if each.is_relative_to(lake.data_path)}
    for folder in folders - {lake.data_path}:
        folder.chmod(mode)
        sync(folder)
