"""A warehouse goes from one DuckDB to another and back: files are in the format of 1.5.0."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.files import Warehouse
from sandbox.server import running
from sandbox.world import World
from tests.pipelines.processes import ROOT, Billhouse, environment
from tests.support.commands import said

UV = ROOT / ".uv" / "bin" / "uv"
# As the Makefile: what else there is would be installed for nothing.
EXTRAS = ("--all-extras", "--no-extra", "ray", "--no-extra", "spark")
OTHER = "duckdb>=2,<3" if duckdb.__version__.startswith("1.") else "duckdb>=1.5,<2"
OLDEST = "duckdb==1.5.0"
READ = """
import sys, duckdb
for file, table in zip(sys.argv[1::2], sys.argv[2::2]):
    with duckdb.connect(file, read_only=True) as connection:
        print(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
"""
pytestmark = pytest.mark.skipif(not UV.exists(), reason="uv is not installed in .uv")


def with_duckdb(
    requirement: str, *arguments: str | Path, folder: Path, variables: dict[str, str]
) -> str:
    """What a Python of the project's environment says that has another DuckDB."""
    command = [
        *(UV, "run", "--project", ROOT, "--frozen", "--quiet", *EXTRAS),
        *("--with", requirement, "python", *arguments),
    ]
    return said(command, folder, variables)


def test_runs_of_two_versions_and_a_reader_of_the_oldest(
    billhouse: Billhouse, warehouse: Warehouse, tmp_path: Path
) -> None:
    with running(World(months=1, accounts=1)) as sandbox:
        variables = environment(warehouse, sandbox.environment())
        assert billhouse("run", variables=variables).returncode == 0
        sandbox.advance()
        with_duckdb(OTHER, "-m", "pipelines.cli", "run", folder=tmp_path, variables=variables)
        files = (warehouse.work, "raw.turso__invoices", warehouse.published, "spend")
        for reader in (OLDEST, OTHER):
            rows = with_duckdb(reader, "-c", READ, *files, folder=tmp_path, variables=variables)
            assert [int(count) > 0 for count in rows.split()] == [True, True]
        sandbox.advance()
        assert billhouse("run", variables=variables).returncode == 0
