"""Dagster definitions that run Billhouse every night: `dagster dev -f dagster_definitions.py`.

Billhouse stays in an environment of its own, so that its dependencies and Dagster's don't meet.
"""

import subprocess

import dagster

FOLDER = "/srv/billhouse"
PARTLY = 3


@dagster.asset(description="The audited invoices: billhouse.duckdb and parquet/ in the warehouse.")
def billhouse(context: dagster.AssetExecutionContext) -> None:
    finished = subprocess.run(  # noqa: S603 - nothing in it comes from outside
        [f"{FOLDER}/.venv/bin/billhouse", "run"], cwd=FOLDER, capture_output=True, text=True
    )
    context.log.info(finished.stdout)
    if finished.returncode not in (0, PARTLY):
        raise dagster.Failure(f"billhouse ended with {finished.returncode}: {finished.stderr}")
    if finished.returncode == PARTLY:
        context.log.warning("Published, but not everything is in it: " + finished.stderr)


every_night = dagster.ScheduleDefinition(
    name="billhouse_every_night",
    target=dagster.AssetSelection.assets(billhouse),
    cron_schedule="17 2 * * *",
    execution_timezone="UTC",
    default_status=dagster.DefaultScheduleStatus.RUNNING,
)

definitions = dagster.Definitions(assets=[billhouse], schedules=[every_night])
