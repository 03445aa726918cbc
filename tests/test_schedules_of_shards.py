"""Schedules of a job in shards: all run, as one run, and are gathered whatever became of them."""

from __future__ import annotations

import ast
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.job.shard_run import checked_run_id, checked_start
from pipelines.warehouse.shards import Shard, parse

SCHEDULES = Path(__file__).parent.parent / "schedules"
FAKE_BILLHOUSE = '#!/bin/sh\necho "$@" "$BILLHOUSE_RUN_ID" "$BILLHOUSE_STARTED_AT"\nexit $CODE\n'


def cron_jobs() -> dict[str, dict[str, Any]]:
    text = (SCHEDULES / "kubernetes-shards.yml").read_text(encoding="utf-8")
    found = yaml.safe_load_all(text)
    return {each["metadata"]["name"]: each["spec"] for each in found if each["kind"] == "CronJob"}


def container(job: dict[str, Any]) -> dict[str, Any]:
    [only] = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def started(command: list[str], folder: Path, **variables: str) -> tuple[int, str]:
    program = folder / "billhouse"
    program.write_text(FAKE_BILLHOUSE)
    program.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(
        command, env={"PATH": path, **variables}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(("code", "told"), [(0, 0), (1, 1), (2, 1), (3, 0)])
def test_a_pod_runs_its_shard_by_the_clock_of_all(code: int, told: int, tmp_path: Path) -> None:
    job = cron_jobs()["billhouse-shards"]
    spec = job["jobTemplate"]["spec"]
    minutes = int(datetime(2026, 11, 26, 2, 17, tzinfo=UTC).timestamp()) // 60
    name = f"billhouse-shards-{minutes}"
    last = spec["completions"] - 1
    ended, said = started(
        container(job)["command"],
        tmp_path,
        CODE=str(code),
        BILLHOUSE_RUN_ID=name,
        JOB_COMPLETION_INDEX=str(last),
    )
    assert (ended == 0) == (told == 0)
    run, option, shard, *_, run_id, moment = said.split()
    assert (run, option) == ("run", "--shard")
    assert parse(shard) == Shard(spec["completions"], spec["completions"])
    assert checked_run_id(run_id) == name
    now = datetime(2026, 11, 26, 3, tzinfo=UTC)
    assert checked_start(moment, now) == datetime(2026, 11, 26, 2, 17, tzinfo=UTC)


def test_kubernetes_objects_fit_together() -> None:
    jobs = cron_jobs()
    shards = jobs["billhouse-shards"]["jobTemplate"]["spec"]
    assert shards["completionMode"] == "Indexed"
    # One that fails leaves the others running.
    assert shards["maxFailedIndexes"] == shards["completions"]
    text = (SCHEDULES / "kubernetes-shards.yml").read_text(encoding="utf-8")
    claims = {
        each["metadata"]["name"]: each["spec"]["accessModes"]
        for each in yaml.safe_load_all(text)
        if each["kind"] == "PersistentVolumeClaim"
    }
    for job in jobs.values():
        spec = job["jobTemplate"]["spec"]["template"]["spec"]
        assert spec["restartPolicy"] == "Never"
        volumes = {each["name"]: each for each in spec["volumes"]}
        assert volumes.keys() == {each["name"] for each in container(job)["volumeMounts"]}
        claim = volumes["warehouse"]["persistentVolumeClaim"]["claimName"]
        assert claims[claim] == ["ReadWriteMany"]


@pytest.mark.parametrize(("code", "told"), [(0, 0), (1, 1), (2, 1), (3, 0)])
def test_a_gathering_that_is_not_whole_is_no_failure(code: int, told: int, tmp_path: Path) -> None:
    command = container(cron_jobs()["billhouse-gather"])["command"]
    assert (started(command, tmp_path, CODE="0")[0]) == 0
    alone = [each.replace("&& billhouse gather --maintain", "") for each in command]
    assert (started(alone, tmp_path, CODE=str(code))[0] == 0) == (told == 0)


def test_airflow_maps_a_task_over_the_shards() -> None:
    text = (SCHEDULES / "airflow_shards_dag.py").read_text(encoding="utf-8")
    words = {
        (keyword.arg, keyword.value.value)
        for keyword in ast.walk(ast.parse(text))
        if isinstance(keyword, ast.keyword) and isinstance(keyword.value, ast.Constant)
    }
    commands = [value for name, value in words if name == "bash_command"]
    assert any("run --shard $SHARD" in str(each) for each in commands)
    assert ("trigger_rule", "all_done") in words
    # What Airflow calls a run that was planned is one of our ids, and its moment one of our clocks.
    assert checked_run_id("scheduled__2026-11-26T02:17:00+00:00")
    assert checked_start("2026-11-26T02:17:03.123456+00:00", datetime(2026, 11, 27, tzinfo=UTC))
