"""dlt's four files of settings, read without dlt, which takes a second to be imported.

A run that finds no news needs nothing else of it. Whatever may change where dlt looks (another
folder, a plugin, a vault, Airflow, an importing program's own providers) is a reason to ask dlt
instead, and so is a file that can't be read, since the error is told from what dlt says.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SECRETS = "secrets.toml"
_PROJECT = Path(".dlt")
_SETTINGS_OF_PLACE = ("DLT_", "XDG_DATA_HOME")
_VAULTS = ("enable_google_secrets", "enable_aws_secrets")
# dlt reads a secret that is mounted into a container as `sources--turso--accounts`.
_MOUNTED = Path("/run/secrets")


def standard_files() -> Mapping[Path, Mapping[str, Any]] | None:
    """What those hold that are there, the one that counts first; None where dlt has to be asked."""
    home = Path("/var") if os.geteuid() == 0 else Path(os.path.expanduser("~"))
    if "dlt" in sys.modules or _looks_elsewhere() or not os.access(home, os.W_OK):
        return None
    found: dict[Path, Mapping[str, Any]] = {}
    for name in (SECRETS, "config.toml"):
        for folder in (_PROJECT, home / ("dlt" if os.geteuid() == 0 else ".dlt")):
            try:
                text = (folder / name).read_text(encoding="utf-8")
                found[folder / name] = tomllib.loads(text)
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                return None
            if any(vault in text for vault in _VAULTS):
                return None
    return found


def _looks_elsewhere() -> bool:
    variables = list(os.environ)
    return (
        any(name.startswith(_SETTINGS_OF_PLACE) for name in variables)
        or any(vault.upper() in name for name in variables for vault in _VAULTS)
        or (_PROJECT / ".workspace").exists()
        or (_MOUNTED.is_dir() and any("--" in name for name in os.listdir(_MOUNTED)))
        or not sys.modules.keys().isdisjoint({"IPython", "streamlit"})
        or find_spec("airflow") is not None
        or sum("[dlt]" in (each.read_text("entry_points.txt") or "") for each in distributions())
        > 1
    )
