"""Pages and schedules that would mislead if they went stale."""

from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from pipelines.job.alerts import RUN_FAILED, rules
from sources import VENDORS

ROOT = Path(__file__).resolve().parents[1]
SCHEDULES = ROOT / "schedules"


def text(*path: str) -> str:
    return Path(ROOT, *path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_page_names_its_api_and_all_its_keys(name: str) -> None:
    vendor, page = VENDORS[name], text("docs", "vendors", f"{name}.md")
    assert f"]({name}.md)" in text("docs", "vendors", "README.md")
    assert vendor.base_url in page
    for field in msgspec.structs.fields(vendor.account_type):
        assert re.search(rf"^\| .*`{field.name}`.* \|", page, re.MULTILINE), field.name
    for key in vendor.settings_type.__struct_fields__:
        assert f"`{key}`" in text("docs", "vendors", "README.md") + page


@pytest.mark.parametrize("page", ["archive.md", "focus.md"])
def test_a_page_of_what_vendors_have_names_each_with_an_api(page: str) -> None:
    for vendor in VENDORS.values():
        assert vendor.charge_files or vendor.title in text("docs", page), vendor.title


def test_the_page_about_the_environment_names_each_setting() -> None:
    page = text("docs", "environment.md")
    for vendor in VENDORS.values():
        for key in vendor.settings_type.__struct_fields__:
            assert f"__{key.upper()}`" in page


def test_every_alert_is_documented() -> None:
    page = text("docs", "scheduling.md")
    for kind in (RUN_FAILED, *rules()):
        assert f"| `{kind}` |" in page


def test_every_schedule_is_documented() -> None:
    page = text("docs", "scheduling.md")
    for file in SCHEDULES.iterdir():
        if file.is_file():
            assert f"(../schedules/{file.name})" in page


@pytest.mark.parametrize("name", ["airflow_dag.py", "dagster_definitions.py"])
def test_orchestrators_files_are_python(name: str) -> None:
    """Their packages are too heavy to be had here; they are imported by hand when one changes."""
    assert ast.parse(text("schedules", name), name).body


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """It wants the program to be there, so the units are shown with one that is; and with what
    the page about the environment adds."""
    [credentials] = re.findall(r"```ini\n(.*?)```", text("docs", "environment.md"), re.DOTALL)
    for name in ("billhouse.service", "billhouse.timer"):
        unit = text("schedules", name).replace("/srv/billhouse/.venv/bin/billhouse", "/bin/true")
        unit = unit.replace("[Service]\n", f"[Service]\n{credentials}")
        (tmp_path / name).write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_takes_exit_code_3_as_success() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(text("schedules", "billhouse.service"))
    assert unit["Service"]["SuccessExitStatus"] == "3"
