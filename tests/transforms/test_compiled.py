"""The models are read once, and again when anything has changed that they were read by."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.transform import compiled, project
from pipelines.transform.model import TRANSFORMS


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "__pycache__" / "models.json"
    monkeypatch.setattr(compiled, "FILE", path)
    return path


def test_what_was_read_once_is_found_and_equal(file: Path) -> None:
    fingerprint = project.fingerprint()
    assert compiled.found(fingerprint) is None
    read = project._read(TRANSFORMS)
    compiled.keep(fingerprint, read)
    assert compiled.found(fingerprint) == read
    assert compiled.found("of other files") is None


@pytest.mark.parametrize("damage", [b"", b"{", b'{"made_of": 1, "models": []}'])
def test_what_is_damaged_is_read_again(file: Path, damage: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(damage)
    project._models.cache_clear()
    assert project.models() == project._read(TRANSFORMS)
    assert compiled.found(project.fingerprint()) is not None


def test_where_nothing_can_be_written_they_are_read_each_time(file: Path) -> None:
    file.parent.write_text("somebody else's")
    project._models.cache_clear()
    assert project.models() == project._read(TRANSFORMS)
    assert file.parent.read_text() == "somebody else's"


def test_the_next_process_needs_no_parser() -> None:
    program = (
        "import sys; from pipelines.transform import project; assert project.models();"
        "print('sqlglot' in sys.modules)"
    )
    project._models.cache_clear()
    assert project.models()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=TRANSFORMS.parent
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
