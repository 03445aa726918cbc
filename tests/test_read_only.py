"""The job in a container whose file system is read-only but for the warehouse and a tmpfs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.warehouse.files import Warehouse
from sandbox.server import running
from sandbox.world import World
from tests.pipelines.processes import environment

# What is mounted by itself stays as it is when the root is mounted again.
READ_ONLY = """
set -e
mount --bind "$WAREHOUSE__DIRECTORY" "$WAREHOUSE__DIRECTORY"
mount -t tmpfs tmpfs "$TMPDIR"
mount -o remount,bind,ro /
for each in /dev/shm /run /var/tmp; do
    if mountpoint -q "$each"; then mount -o remount,bind,ro "$each"; fi
done
if touch "$HOME/probe" 2>/dev/null; then echo "this can be written to" >&2; exit 99; fi
exec "$@"
"""
NAMESPACE = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh"]


def test_a_run_writes_to_the_warehouse_and_to_tmp_alone(tmp_path: Path) -> None:
    if (
        shutil.which("unshare") is None
        or subprocess.run([*NAMESPACE[:2], "true"], check=False).returncode
    ):
        pytest.skip("mounting needs Linux and root")
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    warehouse = Warehouse(tmp_path / "warehouse")
    for folder in (home, temporary, warehouse.directory):
        folder.mkdir()
    with running(World(months=1, accounts=1)) as sandbox:
        surroundings = {"HOME": str(home), "TMPDIR": str(temporary)}
        for arguments in (["run"], ["run"], ["query", "FROM spend LIMIT 1"], ["status"]):
            finished = subprocess.run(
                [*NAMESPACE, sys.executable, "-m", "pipelines.cli", *arguments],
                cwd=home,
                env=environment(warehouse, {**sandbox.environment(), **surroundings}),
                capture_output=True,
                text=True,
                check=False,
            )
            assert finished.returncode == 0, finished.stderr
            assert "WARNING" not in finished.stderr
            sandbox.advance()
    assert list(home.iterdir()) == list(temporary.iterdir()) == []
