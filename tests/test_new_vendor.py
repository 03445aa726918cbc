"""The vendor that `scripts/new_vendor.py` makes works before a line of it is changed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.registry import VENDORS

ROOT = Path(__file__).parent.parent
COPIED = ("pipelines", "sources", "sandbox", "transforms", "tests", "docs", "scripts")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.png")
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env={"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_copy_of_each_vendor_is_a_vendor(checkout: Path) -> None:
    for like in VENDORS:
        made = run(checkout, "scripts/new_vendor.py", f"new{like}", "--like", like)
        assert made.returncode == 0, made.stderr
    # Nothing but the layer is changed there: a vendor is a keyword, too.
    keywords = [
        line
        for each in (ROOT, checkout)
        for line in (each / "pyproject.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("keywords")
    ]
    assert keywords[0] == keywords[1]
    registry = (checkout / "sources" / "registry.py").read_text(encoding="utf-8")
    entered = re.findall(r"\w+", registry.partition("for vendor in (")[2].partition(")")[0])
    last = [*(f"NEW{like.upper()}" for like in VENDORS), "FOCUS"]
    assert entered[-len(last) :] == last
    # Lines grow with the name; `make format` wraps them.
    linted = run(checkout, "-m", "ruff", "check", "--ignore", "E501", "sources", "sandbox")
    assert linted.returncode == 0, linted.stdout
    program = (
        "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])"
    )
    layered = run(checkout, "-c", program)
    assert layered.returncode == 0, layered.stdout
    program = (
        "from tests.transforms.corpus.trial import Trial; trial = Trial();"
        "[trial.rows(f'FROM staging.stg_new{vendor}__invoice_readings') for vendor in"
        f" {list(VENDORS)!r}]"
    )
    built = run(checkout, "-c", program)
    assert built.returncode == 0, built.stderr
    tested = run(
        checkout, *("-m", "pytest", "-q", "-n", "0", "tests/contract/test_sources.py", "-k", "new")
    )
    assert tested.returncode == 0, tested.stdout
    assert " passed" in tested.stdout


def test_a_name_that_cannot_be(checkout: Path) -> None:
    for arguments, sentence in (
        (["turso", "--like", "turso"], "unused"),
        (["Acme Cloud", "--like", "turso"], "small letters"),
        (["another", "--like", "nobody"], "no vendor 'nobody'"),
    ):
        refused = run(checkout, "scripts/new_vendor.py", *arguments)
        assert refused.returncode == 2
        assert sentence in refused.stderr
    assert not (checkout / "sources" / "another.py").exists()
