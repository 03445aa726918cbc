"""Where a run finds itself: odd paths, dlt's own settings, no home, no folder, another locale."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipelines.warehouse import working_folder
from pipelines.warehouse.database_files import beside
from pipelines.warehouse.files import Warehouse
from pipelines.warehouse.working_folder import ELSEWHERE
from sandbox.server import Sandbox
from tests.pipelines.processes import Finished, environment

BARE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def start(
    warehouse: Warehouse,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    folder: Path = Path("/"),
    shell: str = "",
) -> Finished:
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.run(
        ["sh", "-c", f'{shell} exec "$@"', "sh", *command] if shell else command,
        env=environment(warehouse, variables),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def succeeds(warehouse: Warehouse, *arguments: str, **surroundings: object) -> str:
    finished = start(warehouse, *arguments, **surroundings)  # type: ignore[arg-type]
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def invoices(warehouse: Warehouse, **surroundings: object) -> str:
    query = ("query", "--format", "csv", "SELECT count(*) > 0 AS some FROM fct_invoices")
    return succeeds(warehouse, *query, **surroundings)


def test_any_path_will_do(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    name = """Zürich\n雪 what?now=% feature%2Fx 100%s, it's a "[house]" {a,b}*\\n;#&$HOME~"""
    warehouse = Warehouse(tmp_path / name / "warehouse")
    variables = shared_sandbox.environment(["turso"])
    succeeds(warehouse, "run", variables=variables)
    assert "nothing changed" in succeeds(warehouse, "run", variables=variables)
    succeeds(warehouse, "rebuild")
    assert invoices(warehouse) == "some\ntrue\n"
    assert "work.duckdb" in succeeds(warehouse, "status")
    succeeds(warehouse, "query", "--as-of", _today(), "SHOW TABLES")
    backup = tmp_path / name / "backup"
    succeeds(warehouse, "backup", str(backup))
    succeeds(warehouse, "export", "csv", "--output", str(tmp_path / name / "tables"))
    restored = Warehouse(tmp_path / "restored" / name)
    succeeds(restored, "restore", str(backup))
    succeeds(restored, "rebuild")
    assert invoices(restored) == "some\ntrue\n"
    # Nothing lies beside it.
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "restored"])


def _today() -> str:
    from datetime import UTC, datetime

    return f"{datetime.now(UTC):%Y-%m-%d}"


def test_a_link_to_a_path_with_a_question_mark(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    (tmp_path / "what?").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "what?")
    warehouse = Warehouse(tmp_path / "link" / "warehouse")
    succeeds(warehouse, "run", variables=shared_sandbox.environment(["turso"]))
    assert beside(warehouse.work, ".wal") == tmp_path / "what.wal?" / "warehouse" / "work.duckdb"
    assert not (tmp_path / "what.wal?").exists()


def test_a_log_beside_a_question_mark_is_read_by_the_next_run(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    warehouse = Warehouse(tmp_path / "what?" / "warehouse")
    program = (
        "import os; from pathlib import Path; from pipelines.warehouse.files import *;"
        "from pipelines.warehouse.lock import *; from pipelines.warehouse.connection import *;"
        f"house = Warehouse(Path({str(warehouse.directory)!r}));"
        "lock = holding(house, lock_timeout=0); lock.__enter__(); connection = connect(house);"
        "connection.execute('CREATE TABLE main.mark AS SELECT 7 AS seven'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=environment(warehouse))
    assert beside(warehouse.work, ".wal").exists()
    asked = (
        "from pathlib import Path; from pipelines.warehouse.files import *;"
        "from pipelines.warehouse.lock import *; from pipelines.warehouse.connection import *;"
        f"house = Warehouse(Path({str(warehouse.directory)!r}));"
        "lock = holding(house, lock_timeout=0); lock.__enter__(); connection = connect(house);"
        "print(connection.execute('FROM main.mark').fetchall()); connection.close();"
        "lock.__exit__(None, None, None)"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked],
        check=True,
        env=environment(warehouse),
        capture_output=True,
        text=True,
    )
    assert found.stdout == "[(7,)]\n"
    assert not beside(warehouse.work, ".wal").parent.exists()


def test_documents_that_a_killed_run_left_elsewhere_are_removed(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    elsewhere = tmp_path / f"{ELSEWHERE}x"
    elsewhere.mkdir()
    warehouse = Warehouse(tmp_path / "100%")
    working_folder.claim(warehouse.working_folder)
    warehouse.dlt_folder.symlink_to(elsewhere)
    succeeds(warehouse, "run", variables=shared_sandbox.environment(["turso"]))
    assert not elsewhere.exists()
    assert not warehouse.dlt_folder.is_symlink()


@pytest.mark.parametrize(
    ("file", "variables", "name"),
    [
        ("dev_mode = true", {}, "dev_mode"),
        ("[pipelines]\ndev_mode = true", {}, "pipelines.dev_mode"),
        ("[billhouse.pipelines.billhouse]\nfull_refresh = true", {}, "full_refresh"),
        ("[pipelines.billhouse]\nrefresh = 'drop_sources'", {}, "pipelines.billhouse.refresh"),
        ("use_single_dataset = false", {}, "use_single_dataset"),
        ("[schema]\nnaming = 'direct'", {}, "schema.naming"),
        ("", {"DEV_MODE": "true"}, "DEV_MODE"),
        ("", {"PIPELINES__BILLHOUSE__DATASET_NAME_LAYOUT": "dev_%s"}, "DATASET_NAME_LAYOUT"),
    ],
)
def test_settings_that_would_load_otherwise_are_refused(
    file: str,
    variables: dict[str, str],
    name: str,
    warehouse: Warehouse,
    tmp_path: Path,
    shared_sandbox: Sandbox,
) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(file)
    shared_sandbox.reset_requests()
    every = shared_sandbox.environment(["turso"]) | variables
    finished = start(warehouse, "run", variables=every, folder=tmp_path)
    assert finished.returncode == 2
    assert f"{name} is set" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not shared_sandbox.requests


def test_a_run_without_news_waits_for_no_dlt(
    warehouse: Warehouse, tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    program = (
        "import atexit, sys; from pipelines.cli.app import main; sys.argv = ['billhouse', 'run'];"
        "slow = {'dlt', 'sqlglot'}; atexit.register(lambda: print(slow & sys.modules.keys()));"
        "main()"
    )
    imported = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=environment(warehouse, shared_sandbox.environment(["turso", "versori"])),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for _ in range(2)
    ]
    assert "dlt" in imported[0]
    assert imported[1] == "set()"


SETTINGS_WITHOUT_EFFECT = """
dev_mode = false
pipelines_dir = "/nowhere"
dataset_name = "elsewhere"
destination_type = "postgres"
restore_from_destination = false
[load]
workers = 1
raise_on_failed_jobs = false
delete_completed_jobs = false
truncate_staging_dataset = false
[normalize]
loader_file_format = "insert_values"
[normalize.parquet_normalizer]
add_dlt_load_id = false
add_dlt_id = true
[normalize.data_writer]
file_max_items = 1
[destination.duckdb]
staging_dataset_name_layout = "raw"
replace_strategy = "insert-from-staging"
[billhouse]
restore_from_destination = false
[billhouse.normalize.parquet_normalizer]
add_dlt_load_id = false
[sources]
schema_contract = "freeze"
"""


def test_settings_of_dlt_have_no_effect_on_what_is_loaded(
    warehouse: Warehouse, tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(SETTINGS_WITHOUT_EFFECT)
    variables = shared_sandbox.environment(["turso", "mongodb"])
    succeeds(warehouse, "run", variables=variables, folder=tmp_path)
    assert "nothing changed" in succeeds(warehouse, "run", variables=variables, folder=tmp_path)
    rows = succeeds(
        warehouse,
        *("query", "--format", "csv", "SELECT count(*) AS rows FROM fct_invoices"),
    )
    assert int(rows.split()[1]) > 1
    lineage = "SELECT count(DISTINCT load_id) AS loads, count(*) = count(load_id) AS all_have"
    found = succeeds(warehouse, "query", "--format", "csv", f"{lineage} FROM fct_invoices")
    assert found.split()[1] == "1,true"


def test_a_machine_that_has_little(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    """No home or temporary files, an odd zone, mask and locale: one run has them all."""
    warehouse = Warehouse(tmp_path / "Zürich" / "warehouse")
    variables = shared_sandbox.environment(["turso"]) | BARE
    variables |= {"HOME": "/proc/nowhere", "TMPDIR": "/proc/nowhere", "TZ": "Pacific/Apia"}
    succeeds(warehouse, "run", variables=variables, shell="umask 000;")
    assert invoices(warehouse, variables=variables) == "some\ntrue\n"
    assert "work.duckdb" in succeeds(warehouse, "status", variables=BARE | {"HOME": ""})
    assert warehouse.work.stat().st_mode & 0o077 == 0


def test_a_path_from_a_file_in_a_bare_locale(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    (tmp_path / ".dlt").mkdir()
    warehouse = Warehouse(tmp_path / "Zürich")
    config = f'[warehouse]\ndirectory = "{warehouse.directory}"\n'
    (tmp_path / ".dlt" / "config.toml").write_text(config, encoding="utf-8")
    variables = shared_sandbox.environment(["turso"]) | BARE | {"WAREHOUSE__DIRECTORY": ""}
    succeeds(warehouse, "run", variables=variables, folder=tmp_path)
    assert invoices(warehouse) == "some\ntrue\n"


def test_a_folder_that_is_gone(warehouse: Warehouse, tmp_path: Path) -> None:
    (gone := tmp_path / "gone").mkdir()
    finished = start(warehouse, "run", folder=gone, shell=f"rmdir '{gone}';")
    assert finished.returncode == 2
    assert "start it in a folder that is there" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_path_that_is_not_utf_8(tmp_path: Path) -> None:
    variables = environment(Warehouse(tmp_path))
    variables["WAREHOUSE__DIRECTORY"] = os.fsdecode(bytes(tmp_path) + b"/\xff")
    finished = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "status"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    assert "is not written in UTF-8" in finished.stderr
