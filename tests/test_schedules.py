"""What schedulers make of an exit code: 3 has published, and is no failure."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

import pytest
import yaml

SCHEDULES = Path(__file__).parent.parent / "schedules"


def commands() -> dict[str, str]:
    """The shell commands with which each starts `billhouse run`."""
    workflow = yaml.safe_load((SCHEDULES / "github-actions.yml").read_text(encoding="utf-8"))
    [step] = [
        each for each in workflow["jobs"]["run"]["steps"] if "billhouse run" in each.get("run", "")
    ]
    dag = ast.parse((SCHEDULES / "airflow_dag.py").read_text(encoding="utf-8"))
    [bash] = [
        keyword.value.value
        for keyword in ast.walk(dag)
        if isinstance(keyword, ast.keyword)
        and keyword.arg == "bash_command"
        and isinstance(keyword.value, ast.Constant)
    ]
    return {"github": step["run"], "airflow": str(bash).replace(".venv/bin/", "")}


@pytest.mark.parametrize("scheduler", ["github", "airflow"])
@pytest.mark.parametrize(("code", "told"), [(0, 0), (1, 1), (2, 2), (3, 0)])
def test_exit_codes(scheduler: str, code: int, told: int, tmp_path: Path) -> None:
    program = tmp_path / "billhouse"
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o755)
    finished = subprocess.run(
        # As GitHub starts a step.
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands()[scheduler]],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode == 0) == (told == 0)
    assert ("::warning::" in finished.stdout) == (scheduler == "github" and code == 3)


def test_the_warehouse_comes_from_the_same_workflow_and_branch() -> None:
    workflow = yaml.safe_load((SCHEDULES / "github-actions.yml").read_text(encoding="utf-8"))
    [fetch] = [
        each["run"]
        for each in workflow["jobs"]["run"]["steps"]
        if "gh run download" in each.get("run", "")
    ]
    assert '--workflow "$GITHUB_WORKFLOW" --branch "$GITHUB_REF_NAME"' in fetch
    assert ".expired | not" in fetch
    checked = subprocess.run(["bash", "-n"], input=fetch, text=True, check=False)
    assert checked.returncode == 0
