"""The template of a package that brings a vendor: installed, tested by itself, and run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILD = "from setuptools import build_meta; build_meta.build_wheel('wheels')"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, beside which it is installed as a wheel."""
    folder = tmp_path_factory.mktemp("plugin") / "template"
    shutil.copytree(ROOT / "examples" / "vendor-plugin", folder)
    (folder / "wheels").mkdir()
    subprocess.run([sys.executable, "-c", BUILD], cwd=folder, capture_output=True, check=True)
    [wheel] = (folder / "wheels").iterdir()
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder.with_name("installed"))
    return folder


def variables(installed: Path | None, **more: str) -> dict[str, str]:
    path = os.pathsep.join(map(str, [*([installed] if installed else []), ROOT]))
    others = {name: value for name, value in os.environ.items() if "__" not in name}
    return {**others, "PYTHONPATH": path, "PYTHONWARNINGS": "error", **more}


def python(
    folder: Path, environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def stand_in(installed: Path) -> Iterator[dict[str, str]]:
    """The sandbox, in which acme stands beside our vendors; what names its accounts."""
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--months", "3", "--accounts", "1"],
        env=variables(installed),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            environment = json.loads(process.stdout.readline())["environment"]
            yield {name: value for name, value in environment.items() if "ACME" in name}
        finally:
            process.terminate()


def test_its_own_tests_pass(template: Path) -> None:
    done = python(
        template,
        variables(template.with_name("installed")),
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests"),
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_it_is_loaded_read_and_exported(template: Path, tmp_path: Path) -> None:
    installed = template.with_name("installed")
    with stand_in(installed) as accounts:
        environment = variables(installed, **accounts)
        run = python(tmp_path, environment, "-m", "pipelines.cli", "run", "--vendor", "acme")
    assert run.returncode == 0, run.stderr
    exported = python(
        tmp_path,
        environment,
        *("-m", "pipelines.cli", "export", "focus", "--output", "focus"),
    )
    assert exported.returncode == 0, exported.stderr
    with duckdb.connect(tmp_path / "warehouse" / "billhouse.duckdb", read_only=True) as connection:
        statuses = connection.execute(
            "SELECT payment_status FROM fct_invoices WHERE vendor = 'acme' ORDER BY ALL"
        ).fetchall()
        assert statuses == [("open",), ("paid",), ("upcoming",)]
        issuers = connection.execute(
            f"SELECT DISTINCT InvoiceIssuerName FROM '{tmp_path}/focus/*etail.parquet'"
        ).fetchall()
    assert issuers == [("Acme Cloud",)]


@pytest.mark.parametrize(
    ("group", "command", "brings"),
    [
        ("billhouse.vendors", "check", "the vendor 'lost'"),
        ("billhouse.sandbox", "demo", "the stand-in for 'lost'"),
    ],
)
def test_one_that_does_not_load_ends_with_2(
    tmp_path: Path, group: str, command: str, brings: str
) -> None:
    """As an installer leaves it, with a module that is gone."""
    info = tmp_path / "billhouse_lost-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: billhouse-lost\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\nlost = billhouse_lost:LOST\n")
    done = python(tmp_path, variables(tmp_path), "-m", "pipelines.cli", command)
    assert done.returncode == 2, done.stderr
    assert f"The package billhouse-lost can't bring {brings}" in done.stderr
    assert "pip uninstall billhouse-lost" in done.stderr
    assert "Traceback" not in done.stderr
