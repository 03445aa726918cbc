"""Files that take the place of others: in one step, whole on the disk, and open to the same people.

A file that replaces another keeps its mode, its group, its access list, and its owner where the
system allows it. What an operator set last is what holds.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_EVERYBODYS_BITS = 0o777
_GROUPS_BITS = 0o070
_ACCESS_LIST = "system.posix_acl_access"
_CANNOT = frozenset({errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA})


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A file beside `place` to be written in full, which takes its place afterwards.

    A new one is as open as the umask allows. Of a link, the file that it leads to is replaced.

    Raises:
        OSError: `place` is a folder or a device, or the disk refuses; nothing is left then.
    """
    target = Path(os.path.realpath(place))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "There is something that isn't a file", str(place))
    beside = target.with_name(f".billhouse-{secrets.token_hex(8)}")
    mode = 0o600 if target.exists() else 0o666
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield beside
        put_in_place(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def put_in_place(new: Path, old: Path) -> None:
    """Rename one file over another, so that after a power cut there is either, in full."""
    if old.exists():
        take_over_access(new, old)
    sync(new)
    os.replace(new, old)
    sync(old.parent)


def put_folder_in_place(new: Path, place: Path) -> None:
    """Rename a finished folder to where nothing or an empty folder is, after its files are safe."""
    if place.exists():
        take_over_access(new, place)
    for each in new.iterdir():
        sync(each)
    sync(new)
    new.rename(place)
    sync(place.parent)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def take_over_access(new: Path, model: Path) -> None:
    """Open `new` to whom `model` is open.

    Only root may give files away, and others only to groups of theirs. Where the group can't be
    kept, its rights aren't either: they would be another group's.
    """
    wanted = model.stat()
    mode = stat.S_IMODE(wanted.st_mode) & _EVERYBODYS_BITS
    if _has_given(new, wanted.st_uid, wanted.st_gid):
        _copy_access_list(new, model)
    else:
        mode &= ~_GROUPS_BITS
    new.chmod(mode)


def open_to_the_folders_group(new: Path, place: Path) -> None:
    """What is new in a folder that was made a group's (setgid) is for that group to read.

    No umask sets that bit, so that an operator who did meant the files too.
    """
    folder, found = place.parent.stat(), new.stat()
    if folder.st_mode & stat.S_ISGID and folder.st_gid == found.st_gid:
        rights = folder.st_mode & (0o050 if new.is_dir() else 0o040)
        new.chmod(stat.S_IMODE(found.st_mode) | rights)


def _has_given(new: Path, user: int, group: int) -> bool:
    """Whether the file now is the group's; and the user's, if that is allowed."""
    found = new.stat()
    if (found.st_uid, found.st_gid) == (user, group):
        return True
    try:
        os.chown(new, user, group)
    except PermissionError:
        if found.st_gid == group:
            return True
        try:
            os.chown(new, -1, group)
        except PermissionError:
            return False
    return True


def _copy_access_list(new: Path, model: Path) -> None:
    if not hasattr(os, "getxattr"):
        return
    try:
        os.setxattr(new, _ACCESS_LIST, os.getxattr(model, _ACCESS_LIST))
    except OSError as error:
        # Most files have none, and many file systems don't know of any.
        if error.errno not in _CANNOT:
            raise
