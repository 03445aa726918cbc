"""An Airflow DAG (2.4 or later) that runs Billhouse every night. Copy it into the `dags` folder.

Billhouse stays in an environment of its own, so that its dependencies and Airflow's don't meet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

with DAG(
    dag_id="billhouse",
    schedule="17 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # A run brings all that is missing, so nights that were missed need no runs of their own.
    catchup=False,
    max_active_runs=1,
    tags=["finance"],
):
    BashOperator(
        task_id="run",
        # With 3 it has published, but an account failed or a document was rejected: alerts and
        # `billhouse status` tell which.
        bash_command=".venv/bin/billhouse run --log-format json || [ $? -eq 3 ]",
        cwd="/srv/billhouse",
        retries=1,
        retry_delay=timedelta(minutes=15),
        execution_timeout=timedelta(hours=2),
    )
