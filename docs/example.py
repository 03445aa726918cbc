"""The warehouse that the documentation shows: the sandbox's, with its teams and budgets, at a clock
that stands still.

It is always the same but for the times of loading, so that what is made from it can be compared
with what the repository holds.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.config import dlt_settings
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.rule_files import NAMES as RULE_FILES

# Far enough back for every period to be over and every due date to be past, whenever this runs.
CLOCK = "2025-06-17T12:00:00Z"
MONTHS = 13


def load(directory: Path) -> Warehouse:
    """Load the sandbox's invoices, and a month later once more, so that there is a history."""
    dlt_settings.apply()
    from pipelines.config.configuration import Configuration
    from pipelines.config.reporting import ReportingSettings
    from pipelines.job import run as job
    from sandbox import __file__ as of_sandbox
    from sandbox.server import running
    from sandbox.world import World
    from sources.accounts.values import GivenValues

    warehouse = Warehouse(directory)
    rules = {name: {"file": str(Path(of_sandbox).with_name(f"{name}.csv"))} for name in RULE_FILES}
    with running(World(now=CLOCK, months=MONTHS)) as sandbox:
        for _ in range(2):
            values = GivenValues({"sources": sandbox.configuration(), **rules})
            configuration = Configuration(values)
            report = job.run(
                warehouse,
                configuration.accounts(),
                listener=lambda event: None,
                reporting=ReportingSettings("EUR", rates_url=sandbox.rates_url),
                rules=configuration.rule_files(),
            )
            if report.exit_code:
                raise RuntimeError(f"The example can't be loaded: {report.problem or report}")
            sandbox.advance()
    return warehouse
