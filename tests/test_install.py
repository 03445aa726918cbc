"""What people install: the wheel in a fresh environment, started in an empty folder; and the folder
of the schedules, made as its page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.commands import said

ROOT = Path(__file__).parent.parent
UV = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
SURROUNDINGS = {
    name: value
    for name, value in os.environ.items()
    if "__" not in name and name not in ("PYTHONPATH", "VIRTUAL_ENV")
}
pytestmark = pytest.mark.skipif(not Path(UV).exists(), reason="uv is not installed")


def done(command: Sequence[str | Path], folder: Path) -> str:
    """What the command says. The checkout isn't on its path, nor is anything configured."""
    return said(command, folder, SURROUNDINGS)


def python(version: str) -> str:
    """One of this version that is on the machine."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for each in (shutil.which(f"python{version}"), *map(str, kept)):
        if each and subprocess.run([each, "-c", ""], check=False).returncode == 0:
            return each
    pytest.skip(f"this machine has no Python {version}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    done([UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.mark.parametrize(
    "version",
    [*(pytest.param(each, marks=pytest.mark.long) for each in ("3.11", "3.12")), "3.13"],
)
def test_the_demo_runs_where_only_the_wheel_is(wheel: Path, version: str, tmp_path: Path) -> None:
    program = tmp_path / "environment" / "bin" / "python"
    done([UV, "venv", "--quiet", "--python", python(version), tmp_path / "environment"], tmp_path)
    done([UV, "pip", "install", "--quiet", "--python", program, f"{wheel}[demo,report]"], tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "what is unpaid" in done([program, "-m", "billhouse", "demo"], empty)
    command = program.with_name("billhouse")
    done([command, "report", "--warehouse", "demo-warehouse", "--output", "page.html"], empty)
    assert (empty / "page.html").stat().st_size > 10_000


def test_the_folder_of_the_schedules(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    [line] = re.findall(r"^UV_PROJECT_ENVIRONMENT=.*$", page, re.MULTILINE)
    (tmp_path / "source").symlink_to(ROOT)
    (tmp_path / ".uv").symlink_to(Path(UV).parent.parent)
    done(["bash", "-c", line.replace("/srv/billhouse", str(tmp_path))], tmp_path)
    refused = subprocess.run(
        [tmp_path / ".venv" / "bin" / "billhouse", "run"],
        cwd=tmp_path,
        env=SURROUNDINGS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert f"into {tmp_path}/.dlt/secrets.toml" in refused.stderr


def test_nothing_needs_a_module_that_windows_lacks() -> None:
    program = (
        "import sys\n"
        "for name in ('fcntl', 'grp', 'pwd', 'resource', 'termios'): sys.modules[name] = None\n"
        "import pipelines.cli.app, pipelines.job.run, sources\n"
        "from sources.client import pool\n"
        "assert pool.affordable_connections() == pool.CONNECTIONS_OF_A_RUN\n"
    )
    done([sys.executable, "-c", program], ROOT)
