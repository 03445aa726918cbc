"""`make reliability`: carries out the fault campaign and writes its table into the report."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from docs.sections import write_section
from tests.faults.campaign import Campaign, Survival, carry_out

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
FAULTS_TABLE = "faults"
KILLS_TABLE = "kills"
_LONGEST = 150


def faults_table(campaign: Campaign) -> str:
    """One row a fault, in Markdown: the vendors that met it share it."""
    rows: dict[tuple[str, str], list[Survival]] = {}
    for each in campaign.survivals:
        rows.setdefault((each.case.name, each.case.outcome), []).append(each)
    count = len(campaign.survivals)
    equal = sum(not each.differences for each in campaign.survivals)
    failed_elsewhere = sum(each.error is not None for each in campaign.untouched)
    lines = [
        f"{count} faults, {equal} of them without a trace after the next clean run;"
        f" accounts that failed without a fault of their own: {failed_elsewhere}.",
        "",
        "| fault | at | outcome | error seen | next run equals undisturbed |",
        "|---|---|---|---|---|",
    ]
    for (name, _), survivals in rows.items():
        vendors = ", ".join(dict.fromkeys(each.case.vendor for each in survivals))
        traceless = "yes" if not any(each.differences for each in survivals) else "**NO**"
        outcome = _outcome(survivals[0])
        lines.append(f"| {name} | {vendors} | {outcome} | {_error(survivals[0])} | {traceless} |")
    return "\n".join(lines)


def _outcome(survival: Survival) -> str:
    if survival.result.error is not None:
        return "fails this account alone"
    return "recovered in the same run" if survival.case.outcome == "recovers" else "loaded"


def _error(survival: Survival) -> str:
    error = " ".join((survival.result.error or "–").split()).replace("|", "\\|")
    return error if len(error) <= _LONGEST else f"{error[:_LONGEST]}…"


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        campaign = carry_out(Path(directory))
    write_section(REPORT, FAULTS_TABLE, faults_table(campaign))
    print(f"{REPORT}: {len(campaign.survivals)} faults")
    return 1 if any(each.differences for each in campaign.survivals) else 0


if __name__ == "__main__":
    sys.exit(main())
