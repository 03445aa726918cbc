"""A file that takes another's place is whole, and open to the same people."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.warehouse.writing import (
    open_to_the_folders_group,
    put_in_place,
    replacing,
    take_over_access,
)

A_GROUP = 54_321
NOBODY = 65_534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to other groups")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(wanted: int) -> Iterator[None]:
    before = os.umask(wanted)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    file = tmp_path / "place"
    file.write_text("old")
    return file


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_a_new_file_follows_the_umask(mask: int, expected: int, tmp_path: Path) -> None:
    with umask(mask), replacing(tmp_path / "new") as unfinished:
        unfinished.write_text("new")
    assert mode(tmp_path / "new") == expected


@pytest.mark.parametrize("wanted", [0o600, 0o640, 0o664])
def test_one_that_replaces_another_keeps_its_mode(wanted: int, place: Path) -> None:
    place.chmod(wanted)
    for mask in (0o000, 0o077):
        with umask(mask), replacing(place) as unfinished:
            assert mode(unfinished) == 0o600
            unfinished.write_text("new")
        assert (place.read_text(), mode(place)) == ("new", wanted)


def test_what_fails_leaves_the_old_file_and_nothing_else(place: Path) -> None:
    def what_it_is() -> tuple[int, ...]:
        found = place.stat()
        # Not when it was read last, which may be now.
        return found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns

    before = what_it_is()
    with pytest.raises(UnicodeEncodeError), replacing(place) as unfinished:
        unfinished.write_text("half of it \ud800", encoding="utf-8")
    assert place.read_text() == "old"
    assert what_it_is() == before
    assert list(place.parent.iterdir()) == [place]


def test_of_a_link_the_file_behind_it_is_replaced(place: Path) -> None:
    link = place.with_name("link")
    link.symlink_to(place)
    with replacing(link) as unfinished:
        unfinished.write_text("new")
    assert link.is_symlink()
    assert place.read_text() == "new"


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(OSError, match="isn't a file"), replacing(tmp_path / name):
            pytest.fail("there is nothing to replace")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@as_root
def test_group_and_owner_are_kept(place: Path, tmp_path: Path) -> None:
    os.chown(place, NOBODY, A_GROUP)
    place.chmod(0o640)
    new = tmp_path / "new"
    new.touch(mode=0o600)
    put_in_place(new, place)
    found = place.stat()
    assert (found.st_uid, found.st_gid, mode(place)) == (NOBODY, A_GROUP, 0o640)


@as_root
def test_the_rights_of_a_group_that_cannot_be_kept_go_to_no_other(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.chown(place, NOBODY, A_GROUP)
    place.chmod(0o664)
    new = tmp_path / "new"
    new.touch(mode=0o600)
    os.chown(new, NOBODY, NOBODY)
    os.chown(tmp_path, NOBODY, NOBODY)
    # The folders above are root's alone.
    monkeypatch.chdir(tmp_path)
    os.seteuid(NOBODY)
    try:
        take_over_access(Path("new"), Path("place"))
    finally:
        os.seteuid(0)
    assert (new.stat().st_gid, mode(new)) == (NOBODY, 0o604)


@as_root
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "subfolder_mode"),
    [
        (0o2750, 0o640, 0o2750),
        (0o2770, 0o640, 0o2750),
        (0o2700, 0o600, 0o2700),
        (0o750, 0o600, 0o700),
    ],
)
def test_a_folder_that_is_a_groups_opens_what_is_new_in_it(
    folder_mode: int, file_mode: int, subfolder_mode: int, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    os.chown(folder, -1, A_GROUP)
    folder.chmod(folder_mode)
    with umask(0o077):
        (folder / "file").touch()
        (folder / "subfolder").mkdir()
    for path, expected in (("file", file_mode), ("subfolder", subfolder_mode)):
        open_to_the_folders_group(folder / path, folder / path)
        assert mode(folder / path) == expected
