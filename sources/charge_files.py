"""Files of charges, on this machine or in an object store: which there are, and which changed."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources.errors import SourceError

_NARROW = "Name the files alone in `path`, as in exports/**/*.parquet"
_EXPORT_AGAIN = "Export it again, or take it out of `path`; what was loaded before stays as it is"


class UnreadableFile(Exception):
    """A file, or a path, whose charges can't be read: where, what is wrong, and what to do."""

    def __init__(self, file: str, problem: str, remedy: str = _EXPORT_AGAIN) -> None:
        super().__init__(f"{file}: {problem}. {remedy}")
        self.file = file
        self.problem = problem
        self.remedy = remedy

    def of_account(self, vendor: str, account: str) -> SourceError:
        """Told as a vendor's refusal is."""
        return SourceError(
            vendor=vendor,
            account=account,
            request=self.file,
            problem=self.problem,
            remedy=self.remedy,
        )


@dataclass(frozen=True)
class ChargeFile:
    """A file by its path or address. `stamp` is another one where its content may have changed: its
    size with its time, or with what the object store says of its content."""

    path: str
    stamp: str


def found(path: str) -> list[ChargeFile]:
    """The files that a path means, in the order of their names: `exports/*.csv`, `**` for folders
    in folders, or the address of an object store. Raises UnreadableFile where there is none."""
    files = sorted(_stored(path) if _is_stored(path) else _local(path), key=lambda each: each.path)
    if not files:
        raise UnreadableFile(path, "there is no such file", "Check `path`: it may be a pattern")
    for each in files:
        _kind(each.path)
    return files


@contextmanager
def at_hand(file: ChargeFile, folder: Path) -> Iterator[Path]:
    """The file under a plain name in the folder: a link to it, or a copy of what is stored.

    Raises UnreadableFile, also at the end, where what the link leads to changed in between.
    """
    place = folder / f"charges{_kind(file.path)}"
    try:
        if _is_stored(file.path):
            _copy(file.path, place)
        else:
            place.symlink_to(file.path)
        yield place
    except OSError as error:
        raise UnreadableFile(file.path, error.strerror or str(error)) from error
    finally:
        place.unlink(missing_ok=True)
    if not _is_stored(file.path) and file not in _local(file.path):
        raise UnreadableFile(file.path, "it was changed while it was read", "The next run reads it")


def content_hash(place: Path) -> str:
    """SHA-256 of the file's bytes."""
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _kind(path: str) -> str:
    for ending in (".parquet", ".csv", ".csv.gz"):
        if path.lower().endswith(ending):
            return ending
    raise UnreadableFile(path, "its name ends with none of .csv, .csv.gz and .parquet", _NARROW)


def _is_stored(path: str) -> bool:
    return "://" in path


def _local(path: str) -> Iterator[ChargeFile]:
    pattern = os.path.abspath(os.path.expanduser(path))
    places = [pattern] if os.path.isfile(pattern) else glob.glob(pattern, recursive=True)
    for place in places:
        if os.path.isfile(place):
            status = os.stat(place)
            yield ChargeFile(place, f"{status.st_size} bytes, {status.st_mtime_ns}")


def _stored(path: str) -> Iterator[ChargeFile]:
    store, pattern = _store(path)
    try:
        found = store.glob(pattern, detail=True)
    except Exception as error:
        raise _refused(path, error) from error
    for inside, status in found.items():
        if status.get("type") != "directory":
            names = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "updated", "created")
            told = next((status[name] for name in names if status.get(name)), "")
            yield ChargeFile(store.unstrip_protocol(inside), f"{status.get('size')} bytes, {told}")


def _copy(path: str, place: Path) -> None:
    store, inside = _store(path)
    try:
        store.get_file(inside, str(place))
    except Exception as error:  # each store has errors of its own
        raise _refused(path, error) from error


def _store(path: str) -> tuple[Any, str]:
    import fsspec

    try:
        store, inside = fsspec.core.url_to_fs(path)
    except Exception as error:  # a package that isn't installed, or no credential
        raise _refused(path, error) from error
    return store, str(inside)


def _refused(path: str, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        path,
        f"the object store can't be read: {' '.join(str(error).split())[:300].rstrip('.')}",
        "docs/vendors/focus.md says what to install, and where its credentials come from",
    )
