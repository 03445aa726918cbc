"""An Airflow DAG (2.4 or later) that runs Billhouse in shards every night, and then gathers them.

Copy it into the `dags` folder. `/srv/billhouse` must be the same folder on every worker, and the
pool `billhouse` says how many shards are at work at once. docs/scale.md says when this is worth
while.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

# Fixed when the warehouse is set up.
SHARDS = 64

with DAG(
    dag_id="billhouse_shards",
    schedule="17 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # A run brings all that is missing, so nights that were missed need no runs of their own.
    catchup=False,
    max_active_runs=1,
    default_args={
        "cwd": "/srv/billhouse",
        "append_env": True,
        "retries": 1,
        "retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(hours=2),
    },
    tags=["finance"],
):
    # One id and one clock for all shards, and for their second tries.
    RUN = {
        "BILLHOUSE_RUN_ID": "{{ run_id }}",
        "BILLHOUSE_STARTED_AT": "{{ dag_run.start_date.isoformat() }}",
    }
    shards = BashOperator.partial(
        task_id="shard",
        pool="billhouse",
        # With 3 the shard is built, but an account failed or a document was rejected.
        bash_command=".venv/bin/billhouse run --shard $SHARD --log-format json || [ $? -eq 3 ]",
    ).expand(env=[RUN | {"SHARD": f"{number}/{SHARDS}"} for number in range(1, SHARDS + 1)])
    gather = BashOperator(
        task_id="gather",
        # A shard that failed keeps what it had; the others are published all the same.
        trigger_rule="all_done",
        env=RUN,
        bash_command=".venv/bin/billhouse gather --log-format json || [ $? -eq 3 ]",
    )
    maintain = BashOperator(
        task_id="maintain", bash_command=".venv/bin/billhouse gather --maintain"
    )
    shards >> gather >> maintain
