"""What is read without dlt is what dlt reads; and where dlt may look elsewhere, it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sources.accounts import standard_files as module
from sources.accounts.standard_files import standard_files

ROOT = Path(__file__).parents[2]
ASKED = """if True:
    import json, sys
    {first}
    from sources.accounts.values import DltValues
    values = DltValues()
    found = [values.get("sources", "turso", key) for key in ("accounts", "base_url", "details")]
    found += [sorted(values.keys("sources")), sorted(values.keys("sources", "turso"))]
    found += [values.get("warehouse", "directory"), [str(each) for each in values.secrets_files]]
    print(json.dumps([found, "dlt" in sys.modules], default=str))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, of somebody whose own `.dlt` is in `home`; dlt isn't imported yet."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / "home" / ".dlt").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delitem(sys.modules, "dlt", raising=False)
    monkeypatch.setattr(module, "_MOUNTED", tmp_path / "secrets")
    return tmp_path


def test_the_projects_files_count_before_the_users_own(home: Path) -> None:
    for place, name in (("home/.dlt", "config"), (".dlt", "config"), ("home/.dlt", "secrets")):
        (home / place / f"{name}.toml").write_text(f'place = "{place}"')
    found = standard_files()
    assert found is not None
    assert [(file.name, values["place"]) for file, values in found.items()] == [
        ("secrets.toml", "home/.dlt"),
        ("config.toml", ".dlt"),
        ("config.toml", "home/.dlt"),
    ]


def _installed(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text("[dlt]")
    monkeypatch.syspath_prepend(Path.cwd())


REASONS: dict[str, Callable[[Path, pytest.MonkeyPatch], object]] = {
    "another folder": lambda _, patch: patch.setenv("DLT_PROJECT_DIR", "elsewhere"),
    "another home": lambda _, patch: patch.setenv("XDG_DATA_HOME", "elsewhere"),
    "no home": lambda _, patch: patch.setenv("HOME", "/proc/nowhere"),
    "a vault by a variable": lambda _, patch: patch.setenv(
        "PROVIDERS__ENABLE_GOOGLE_SECRETS", "true"
    ),
    "a vault by a file": lambda home, _: (home / ".dlt" / "config.toml").write_text(
        "[providers]\nenable_aws_secrets = true"
    ),
    "a workspace": lambda home, _: (home / ".dlt" / ".workspace").touch(),
    "a mounted secret": lambda home, _: os.makedirs(home / "secrets" / "sources--turso--accounts"),
    "Airflow": lambda home, patch: _installed(patch, home / "airflow.py"),
    "a plugin": lambda home, patch: _installed(patch, home / "a.dist-info" / "entry_points.txt"),
    "a notebook": lambda _, patch: patch.setitem(sys.modules, "IPython", module),
    "an importing program": lambda _, patch: patch.setitem(sys.modules, "dlt", module),
    "a mistake": lambda home, _: (home / ".dlt" / "secrets.toml").write_text("[sources"),
    "another encoding": lambda home, _: (home / ".dlt" / "secrets.toml").write_bytes(b"a='\xff'"),
}


@pytest.mark.parametrize("change", REASONS.values(), ids=REASONS.keys())
def test_where_it_may_be_otherwise_dlt_is_asked(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, pytest.MonkeyPatch], object],
) -> None:
    assert standard_files() == {}
    change(home, monkeypatch)
    assert standard_files() is None


@pytest.mark.slow
def test_it_is_what_dlt_reads(tmp_path: Path) -> None:
    """As processes, since dlt reads its files once."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        '[sources.turso]\nbase_url = "https://turso.example"\naccounts = []\n'
        '[sources]\nversori.lookback_months = 3\n[warehouse]\ndirectory = "Zürich"\n',
        encoding="utf-8",
    )
    (tmp_path / ".dlt" / "secrets.toml").write_text(
        '[[sources.turso.accounts]]\norganization = "acme"\napi_token = "a.b"\nday = 2024-02-01\n'
    )
    found = []
    for first in ("", "import dlt"):
        done = subprocess.run(
            [sys.executable, "-c", ASKED.format(first=first)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SOURCES__TURSO__DETAILS": "false"},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
    (without, unasked), (asked, was_asked) = found
    assert (unasked, was_asked) == (False, True)
    assert without == asked
    assert without[0] == [{"organization": "acme", "api_token": "a.b", "day": "2024-02-01"}]
