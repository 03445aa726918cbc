"""What all tests have in common: the order in which their files begin, that Ctrl-C is heard, and
that no example of a property has to be done in time.

With several processes a file is one's alone. The slow ones begin first, so that no process works
alone at the end, and bear the mark `slow`: `make quick` leaves them out.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes says more of the machine than of the code.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

# A shell that starts the tests in the background has them ignore it, and with them what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
# The longest first. What starts processes, browsers or servers belongs here, and what builds all
# tables for each case; of the SQL, the corpus is quick.
SLOW = (
    "transforms/test_scope.py",
    "pipelines/test_rename.py",
    "pipelines/test_streams.py",
    "pipelines/test_surroundings.py",
    "pipelines/test_cli.py",
    "contract/test_foreign_servers.py",
    "pipelines/test_job.py",
    "test_install.py",
    "test_read_only.py",
    "pipelines/test_details.py",
    "end_to_end/test_whole_job.py",
    "faults/test_kills.py",
    "faults/test_disk.py",
    "faults/test_faults.py",
    "page/test_page.py",
    "faults/test_secrets.py",
    "pipelines/test_stray_log.py",
    "mutants/test_mutants.py",
    "faults/test_two_at_once.py",
    "transforms/test_lines.py",
    "test_new_vendor.py",
    "pipelines/test_next_file.py",
    "pipelines/test_duckdb_versions.py",
    "pipelines/test_ownership.py",
    "pipelines/test_queries.py",
    "transforms/test_identity.py",
    "benchmarks/test_counts.py",
    "pipelines/test_lines.py",
    "page/test_report.py",
    "page/test_console.py",
    "page/test_status.py",
    "page/test_dictionary.py",
    "page/test_tools.py",
    "pipelines/test_export.py",
    "pipelines/test_export_postgres.py",
    "end_to_end/test_documented_examples.py",
    "faults/test_backup.py",
    "faults/test_hostile.py",
    "sources/test_ahead.py",
    "pipelines/test_clock.py",
    "pipelines/test_alerts.py",
    "pipelines/test_init.py",
    "pipelines/test_interruption.py",
    "pipelines/test_load.py",
    "transforms/test_broken_sql.py",
    "test_readme.py",
    "transforms/test_periods.py",
    "transforms/test_listings.py",
    "transforms/test_billing_periods.py",
    "transforms/test_audits.py",
    "transforms/test_changes.py",
    "transforms/test_reporting.py",
    "transforms/test_reporting_sums.py",
    "transforms/test_allocation.py",
    "transforms/test_alerts.py",
    "transforms/test_documents.py",
    "transforms/test_amounts.py",
    "transforms/test_months.py",
    "pipelines/test_archive.py",
    "pipelines/test_charges.py",
    "pipelines/test_closing.py",
    "transforms/test_accruals.py",
    "sources/test_fetch.py",
    "sources/test_http.py",
    "sources/test_changing_lists.py",
    "pipelines/test_metrics.py",
    "pipelines/test_reporting.py",
    "pipelines/test_allocation.py",
    "pipelines/test_spreadsheets.py",
)
BROWSER = ("page/test_report.py",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {TESTS / name: number for number, name in enumerate(SLOW)}
    items.sort(key=lambda each: rank.get(each.path, len(SLOW)))
    for each in items:
        if each.path in rank:
            each.add_marker("slow")
        if each.path.relative_to(TESTS).as_posix() in BROWSER:
            each.add_marker("browser")
