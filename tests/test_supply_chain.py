"""What SECURITY.md says of dependencies: locked by hash, and nothing is fetched on import."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKED = ("bi", "focus", "store")
IMPORT_ALL_WITHOUT_NETWORK = """
import socket, pkgutil, importlib

def refused(*_):
    raise AssertionError("the network was used on import")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refused
for package in ("sources", "pipelines", "sandbox"):
    for module in pkgutil.walk_packages([package], f"{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


@pytest.mark.parametrize("lock", ["uv.lock", *(f"tests/{each}/uv.lock" for each in LOCKED)])
def test_every_dependency_is_locked_by_hash(lock: str) -> None:
    packages = tomllib.loads((ROOT / lock).read_text(encoding="utf-8"))["package"]
    files = [
        file
        for package in packages
        for file in [
            *package.get("wheels", []),
            *([package["sdist"]] if "sdist" in package else []),
        ]
    ]
    assert len(files) > 50
    assert all(file["hash"].startswith("sha256:") for file in files)
    assert all(
        "registry" in package["source"] or package["name"].startswith("billhouse")
        for package in packages
    )


def test_what_uv_cannot_lock_is_locked_by_hash() -> None:
    [line] = (ROOT / "tests" / "focus" / "validator.txt").read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"focus-validator==\S+ --hash=sha256:[0-9a-f]{64}", line)


def test_what_npm_installs_is_locked_by_hash() -> None:
    folder = ROOT / "tests" / "contract" / "npm"
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = {path: each for path, each in packages.items() if path}
    assert len(installed) > 100
    assert all(each["integrity"].startswith("sha512-") for each in installed.values())


def test_nothing_is_fetched_on_import() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL_WITHOUT_NETWORK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
