"""What schedulers make of an exit code: 3 has published, and is no failure."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from sources import VENDORS

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
    shell, option, command = container(kubernetes()["CronJob"])["command"]
    assert (shell, option) == ("sh", "-c")
    return {
        "github": step["run"],
        "airflow": str(bash).replace(".venv/bin/", ""),
        "kubernetes": command,
    }


def kubernetes() -> dict[str, Any]:
    """The objects by their kind."""
    text = (SCHEDULES / "kubernetes.yml").read_text(encoding="utf-8")
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def pod(cron_job: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def container(cron_job: dict[str, Any]) -> dict[str, Any]:
    [only] = pod(cron_job)["containers"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("scheduler", ["github", "airflow", "kubernetes"])
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


FAKE_GH = """\
#!/bin/sh
case "$1 $2" in
"run list")
    echo "$@" | grep -q -- "--workflow billhouse --branch main" && printf '3\\n2\\n1\\n' ;;
"api "*)
    shift; run=$(echo "$1" | grep -o "runs/[0-9]*" | cut -d/ -f2)
    [ -e "$ANSWERS/$run.json" ] && jq -r "$3" "$ANSWERS/$run.json" ;;
"run download")
    [ "$*" = "run download $3 --name warehouse --dir warehouse" ] && echo "downloaded $3" ;;
esac
"""


def artifacts(*expired: bool) -> str:
    """GitHub's answer about a run; one of another name is never taken."""
    found = [
        {"id": 70 + at, "name": "warehouse", "expired": each} for at, each in enumerate(expired)
    ]
    return json.dumps({"artifacts": [{"id": 1, "name": "logs", "expired": False}, *found]})


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize(
    ("third", "second", "first", "downloaded"),
    [
        (artifacts(), artifacts(False), artifacts(False), "downloaded 2\n"),
        (artifacts(True), artifacts(True), artifacts(False), "downloaded 1\n"),
        (artifacts(True), artifacts(True), artifacts(), ""),
    ],
)
def test_the_warehouse_comes_from_the_same_workflow_and_branch(
    third: str, second: str, first: str, downloaded: str, tmp_path: Path
) -> None:
    """The newest that hasn't expired; where all have, the run begins again, and nothing stops."""
    workflow = yaml.safe_load((SCHEDULES / "github-actions.yml").read_text(encoding="utf-8"))
    [fetch] = [
        each["run"]
        for each in workflow["jobs"]["run"]["steps"]
        if "gh run download" in each.get("run", "")
    ]
    for number, answer in ((3, third), (2, second), (1, first)):
        (tmp_path / f"{number}.json").write_text(answer)
    program = tmp_path / "gh"
    program.write_text(FAKE_GH)
    program.chmod(0o755)
    finished = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", fetch],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "ANSWERS": str(tmp_path),
            "GITHUB_WORKFLOW": workflow["name"],
            "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": "acme/bills",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (0, downloaded), finished.stderr


def test_kubernetes_objects_fit_together() -> None:
    found = kubernetes()
    assert [found[kind]["apiVersion"] for kind in ("PersistentVolumeClaim", "CronJob")] == [
        "v1",
        "batch/v1",
    ]
    job, only = found["CronJob"]["spec"], container(found["CronJob"])
    assert len(job["schedule"].split()) == 5
    spec = pod(found["CronJob"])
    volumes = {each["name"]: each for each in spec["volumes"]}
    mounts = {each["name"]: each["mountPath"] for each in only["volumeMounts"]}
    assert volumes.keys() == mounts.keys()
    claim = volumes["warehouse"]["persistentVolumeClaim"]["claimName"]
    assert claim == found["PersistentVolumeClaim"]["metadata"]["name"]
    for variable in only["env"]:
        assert variable["name"] in {f"SOURCES__{name.upper()}__ACCOUNTS_FILE" for name in VENDORS}
        assert variable["value"].startswith(f"{mounts['secrets']}/")
    [rule] = job["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == only["name"]
    # Kubernetes allows such a policy with this alone.
    assert spec["restartPolicy"] == "Never"


def test_kubernetes_runs_the_image_as_the_user_that_it_has() -> None:
    dockerfile = (SCHEDULES.parent / "Dockerfile").read_text(encoding="utf-8")
    found = kubernetes()["CronJob"]
    user = pod(found)["securityContext"]["runAsUser"]
    assert f"--uid {user} " in dockerfile
    assert f"USER {user}\n" in dockerfile
    [warehouse] = [each for each in container(found)["volumeMounts"] if each["name"] == "warehouse"]
    assert f"VOLUME {warehouse['mountPath']}\n" in dockerfile
    assert container(found)["securityContext"]["readOnlyRootFilesystem"] is True
