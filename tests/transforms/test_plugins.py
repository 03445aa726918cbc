"""Packages that bring a vendor: what is taken in, and what is refused with the package's name."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pipelines.errors import JobError
from pipelines.transform import project
from pipelines.transform.model import TRANSFORMS
from sources import plugins as discovery
from sources import registry
from sources.errors import ConfigurationError
from sources.plugins import Plugin
from tests.transforms.work_database import WorkDatabase

READING = "-- One row per invoice.\n-- kept: view\nSELECT * FROM staging.source_{name}__invoices\n"
MODULE = """
from dataclasses import replace
from sources.turso import TURSO
VENDOR = replace(TURSO, name="{name}")
"""


class Packages:
    """Packages on the path; `installed` are those that have an entry point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.installed: list[Plugin] = []

    def install(
        self, package: str, name: str, module: str = MODULE, reading: str = READING
    ) -> Path:
        place = self.folder / package
        staging = place / "transforms" / "staging"
        staging.mkdir(parents=True)
        (place / "__init__.py").touch()
        (place / "vendor.py").write_text(module.format(name=name))
        (staging / f"stg_{name}__invoice_readings.sql").write_text(reading.format(name=name))
        point = EntryPoint(name, f"{package}.vendor:VENDOR", discovery.GROUP)
        self.installed.append(Plugin(name, package, point))
        return place / "transforms"


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    found = Packages(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(discovery, "_installed", lambda: iter(found.installed))
    monkeypatch.setattr(registry, "plugins", discovery.plugins.__wrapped__)
    monkeypatch.setattr(project, "plugins", discovery.plugins.__wrapped__)
    return found


def vendors() -> list[str]:
    return list(registry._Vendors())


def test_a_vendor_comes_behind_ours(packages: Packages) -> None:
    packages.install("plug_b", "beta")
    packages.install("plug_a", "alpha")
    assert vendors() == [*registry.OURS, "beta", "alpha"]


def test_its_sql_is_built_with_ours(packages: Packages) -> None:
    before = project.fingerprint()
    transforms = packages.install("plug_c", "gamma")
    with_reading = project.fingerprint()
    (transforms / "macros").mkdir()
    (transforms / "macros" / "gamma.sql").write_text(
        "CREATE OR REPLACE MACRO gamma_total(document) AS document -> '$.total';"
    )
    assert len({before, with_reading, project.fingerprint()}) == 3
    assert "gamma_total" in project.macros()[-1]
    names = {each.name for each in project._read(TRANSFORMS)}
    assert {"staging.stg_gamma__invoice_readings", "staging.stg_gamma__invoices"} <= names


@pytest.mark.parametrize(
    ("name", "module", "reading", "reason"),
    [
        ("turso", MODULE, READING, "Billhouse has one of that name"),
        ("delta", "import nothing_of_that_name", READING, "No module named 'nothing_of_that_name'"),
        ("delta", "raise SystemError('of\\nits own')", READING, "SystemError: of its own"),
        ("delta", "OTHER = 1", READING, "AttributeError"),
        ("delta", "VENDOR = 'delta'", READING, "is no `sources.vendor.Vendor` of that name"),
        ("delta", MODULE.replace("{name}", "other"), READING, "is no `sources.vendor.Vendor`"),
        ("Acme Cloud", MODULE, READING, "small letters and digits"),
    ],
)
def test_what_is_refused_is_named(
    packages: Packages, name: str, module: str, reading: str, reason: str
) -> None:
    package = f"plug_{abs(hash((name, module)))}"
    packages.install(package, name, module, reading)
    with pytest.raises(ConfigurationError) as refused:
        vendors()
    assert reason in str(refused.value)
    assert package in str(refused.value)
    assert f"pip uninstall {package}" in str(refused.value)


def test_two_packages_of_one_name(packages: Packages) -> None:
    packages.install("plug_d", "delta")
    packages.install("plug_e", "delta")
    with pytest.raises(ConfigurationError, match=r"so does the package plug_d"):
        vendors()
    with pytest.raises(ConfigurationError, match=r"so does the package plug_d"):
        project.fingerprint()


def test_sql_that_is_not_its_own(packages: Packages) -> None:
    """A model of another name would take the place of ours, and so would a macro."""
    transforms = packages.install("plug_f", "zeta")
    (transforms / "macros").mkdir()
    macros = transforms / "macros" / "zeta.sql"
    macros.write_text("create macro minor_units(number, factor) AS 0;")
    with pytest.raises(ConfigurationError, match=r"the macro minor_units .* must begin with zeta_"):
        vendors()
    macros.rename(transforms / "macros" / "amounts.sql")
    with pytest.raises(ConfigurationError, match=r"amounts.sql is none of its files"):
        project.macros()
    (transforms / "macros" / "amounts.sql").unlink()
    (transforms / "staging" / "stg_turso__line_readings.sql").write_text("SELECT 1")
    with pytest.raises(ConfigurationError, match=r"line_readings.sql is none of its files"):
        project.fingerprint()
    for each in (transforms / "staging").iterdir():
        each.unlink()
    with pytest.raises(ConfigurationError, match=r"stg_zeta__invoice_readings.sql is missing"):
        vendors()


def test_a_package_whose_module_is_gone(packages: Packages) -> None:
    packages.install("plug_g", "eta")
    (packages.folder / "plug_g" / "vendor.py").unlink()
    with pytest.raises(ConfigurationError, match=r"there is no module plug_g.vendor"):
        project.fingerprint()


def test_a_name_of_ours_builds_nothing(packages: Packages) -> None:
    packages.install("plug_h", "turso")
    with pytest.raises(ConfigurationError, match=r"plug_h .*Billhouse has one of that name"):
        project.models()


def test_invoices_that_nothing_reads_any_more_stop_the_build(work: WorkDatabase) -> None:
    """Else they would be missing from every sum, unseen."""
    work.add("gone", {"id": "1", "total": 1})
    with pytest.raises(JobError, match=r"invoices of gone, and nothing that is installed reads"):
        work.build()
