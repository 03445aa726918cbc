"""The measured part of docs/scale.md: what is made of the numbers, and what a core's share is."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scale import paper
from benchmarks.scale.fleet import Night
from benchmarks.scale.held import held_to
from benchmarks.scale.lines import LineCosts, Versions
from benchmarks.scale.page import PAGE, SECTION, Fleets, Held, Nights, figures
from benchmarks.scale.paper import Units
from benchmarks.trial import Measurement
from docs.sections import section, write_section

LINES = LineCosts(200_000, 100e-6, 20e-6, 150e-6, 1_500_000_000, 370.0, 200.0, 150.0, 20.0)
UNITS = Units(LINES, Versions(370, 100, 30, 5_700, 1_500, 200), 5e-3, 1e-3, 6.0, 2.0)


def night(cpu: float) -> Nights:
    run = Measurement(cpu, cpu, 300_000_000, 0, None)
    return Nights(Night(cpu, [run, run], 1_000), run, Night(cpu, [run], 1_000))


FLEETS = Fleets(2, 2, 8, 24, 99, night(30.0), night(10.0), 100)


def test_a_night_on_paper() -> None:
    first, later = paper.first_load(UNITS), paper.night(UNITS)
    assert first.requests == 100_000 + 2_400_000
    assert later.requests == 2 * 100_000 + 6_666
    assert first.core_hours == pytest.approx((2_500_000 * 5e-3 + 1e9 * 100e-6 + 256 * 6) / 3_600)
    # Everything that is held costs more than what comes.
    assert later.core_hours > 1e9 * 20e-6 / 3_600
    assert first.gigabytes_read == 370
    assert later.hours == later.core_hours / 32 + later.gathering_hours
    dearer = paper.storage(replace(UNITS, versions=Versions(370, 100, 30, 5_700, 3_000, 200)))
    held = paper.storage(UNITS)
    assert (held.documents, held.versions, held.versions_packed) == (100, 1_400, 170)
    assert paper.cost_of(later, dearer) - paper.cost_of(later, held) == pytest.approx(
        1_500 * 0.08 / 30
    )


def test_the_figures_say_what_was_met_and_what_breaks_first() -> None:
    text = figures(FLEETS, Held(8, 0.2, 100.0, 61.0), UNITS, 600)
    assert "0.61 of that (at most 0.6: missed)" in text
    assert "0.60 of that (at most 0.6: met)" in figures(FLEETS, Held(8, 0.2, 100.0, 60.0), UNITS, 1)
    assert "all together 2.00 and 2.00 times what one piece did" in text
    assert "Not measured" in figures(FLEETS, None, UNITS, 600)
    [first, *_] = text.partition("| hours | first load | a night |\n| --- | ---: | ---: |\n")[
        2
    ].split("\n")
    assert first == "| one credential for all accounts, 1,000 an hour | 2,500.0 | 206.7 |"


def test_a_section_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    before = section(page.read_text(), SECTION)
    assert before
    write_section(page, SECTION, "measured")
    text = page.read_text(encoding="utf-8")
    assert section(text, SECTION) == "\nmeasured\n"
    assert text.replace("\nmeasured\n", before) == PAGE.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="no place for another"):
        write_section(page, "another", "")


def test_a_process_is_held_to_a_share_of_a_core() -> None:
    try:
        with held_to(0.2) as before:
            group = Path(before[-1]).parent
            [limit] = [*group.glob("cpu.max"), *group.glob("cpu.cfs_quota_us")]
            assert limit.read_text().split()[0] == "20000"
            said = subprocess.run(
                [*before, "cat", "/proc/self/cgroup"], capture_output=True, text=True, check=True
            )
            assert group.name in said.stdout
    except OSError:
        pytest.skip("this user may make no control group")
    assert not group.exists()
