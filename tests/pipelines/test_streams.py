"""What is told never decides what is done: streams that are full, closed, left, or of few signs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from pipelines.job.events import Event, unfailing
from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox
from tests.pipelines.processes import environment
from tests.pipelines.terminals import conversation

NAME = "Zoë’s team — 東京"
FULL = Path("/dev/full")
OTHER_ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]


@contextmanager
def place(name: str) -> Iterator[int]:
    """A descriptor that takes nothing: on a full disk, or of a pipe whose reader is gone."""
    if name == "full disk":
        descriptor = os.open(FULL, os.O_WRONLY)
    else:
        reader, descriptor = os.pipe()
        os.close(reader)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def start(
    warehouse: Warehouse,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    shell: str = "",
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {shell}', "sh", *command] if shell else command,
        env=environment(warehouse, variables),
        cwd=warehouse.directory.parent,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        timeout=120,
        check=False,
    )


def accounts(sandbox: Sandbox) -> dict[str, str]:
    """One account, whose name few encodings have."""
    variables = sandbox.environment(["turso"])
    [account, *_] = json.loads(variables["SOURCES__TURSO__ACCOUNTS"])
    return variables | {"SOURCES__TURSO__ACCOUNTS": json.dumps([account | {"name": NAME}])}


@pytest.fixture(scope="module")
def loaded(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("told") / "warehouse")
    finished = start(warehouse, "run", variables=accounts(shared_sandbox))
    assert finished.returncode == 0, finished.stderr
    return warehouse


def was_published(warehouse: Warehouse) -> bool:
    with duckdb.connect(warehouse.published, read_only=True) as connection:
        [(invoices,)] = connection.execute(
            "SELECT count(*) FROM fct_invoices WHERE account = ?", [NAME]
        ).fetchall()
    return int(invoices) > 0


@pytest.mark.parametrize(
    ("where", "log_format"),
    [("full disk", "text"), pytest.param("gone reader", "json", marks=pytest.mark.long)],
)
def test_a_run_whose_output_is_lost_publishes(
    where: str, log_format: str, warehouse: Warehouse, shared_sandbox: Sandbox
) -> None:
    with place(where) as lost:
        finished = start(
            warehouse,
            *("run", "--log-format", log_format, "--verbose"),
            variables=accounts(shared_sandbox),
            stdout=lost,
            stderr=lost,
        )
    assert finished.returncode == 0
    assert was_published(warehouse)


@pytest.mark.parametrize("closed", [pytest.param("2>&-", marks=pytest.mark.long), ">&- 2>&- <&-"])
def test_a_run_whose_streams_are_closed_publishes(
    closed: str, warehouse: Warehouse, shared_sandbox: Sandbox
) -> None:
    finished = start(warehouse, "run", variables=accounts(shared_sandbox), shell=closed)
    assert finished.returncode == 0, finished.stderr
    assert b"Traceback" not in finished.stderr
    assert was_published(warehouse)


@pytest.mark.parametrize(
    "variables",
    [
        *(pytest.param(each, marks=pytest.mark.long) for each in OTHER_ENCODINGS[:-1]),
        OTHER_ENCODINGS[-1],
    ],
)
def test_a_run_on_a_console_of_few_signs(
    variables: dict[str, str], warehouse: Warehouse, shared_sandbox: Sandbox
) -> None:
    encoding = variables.get("PYTHONIOENCODING", "ascii")
    finished = start(warehouse, "run", variables=accounts(shared_sandbox) | variables)
    assert finished.returncode == 0, finished.stderr
    assert was_published(warehouse)
    assert NAME.encode(encoding, "backslashreplace") in finished.stdout
    assert NAME.encode(encoding, "backslashreplace") in finished.stderr
    logged = start(
        warehouse,
        *("run", "--log-format", "json"),
        variables=accounts(shared_sandbox) | variables,
    )
    records = [json.loads(line) for line in logged.stderr.decode(encoding).splitlines()]
    assert NAME in {record.get("account") for record in records}


def test_the_exit_code_of_a_failed_run_stays(warehouse: Warehouse, shared_sandbox: Sandbox) -> None:
    variables = accounts(shared_sandbox) | {"SOURCES__TURSO__BASE_URL": "http://127.0.0.1:9"}
    with place("full disk") as lost:
        assert start(warehouse, "nonsense", stdout=lost, stderr=lost).returncode == 2
        assert start(warehouse, "run", "--vendor", "no", stdout=lost, stderr=lost).returncode == 2
        arguments = ("run", "--log-format", "json", "--verbose")
        finished = start(warehouse, *arguments, variables=variables, stdout=lost, stderr=lost)
        assert finished.returncode == 1


def test_rebuild_and_backup_without_an_output(loaded: Warehouse, tmp_path: Path) -> None:
    for where in ("full disk", "gone reader"):
        with place(where) as lost:
            assert start(loaded, "rebuild", stdout=lost, stderr=lost).returncode == 0
            backup = str(tmp_path / where)
            assert start(loaded, "backup", backup, stdout=lost, stderr=lost).returncode == 0
            assert (tmp_path / where / "manifest.json").exists()


QUERY = ("query", "SELECT repeat('x', 200000), account FROM fct_invoices", "--format")
ASKING = [(*QUERY, "table"), (*QUERY, "csv"), (*QUERY, "json"), ("status",), ("invoices",)]


@pytest.mark.parametrize("arguments", ASKING)
def test_an_answer_that_is_not_whole_is_told(arguments: tuple[str, ...], loaded: Warehouse) -> None:
    with place("full disk") as lost:
        finished = start(loaded, *arguments, stdout=lost)
    assert finished.returncode == 1
    assert b"The output could not be written: No space left on device." in finished.stderr
    assert b"Traceback" not in finished.stderr
    closed = start(loaded, *arguments, shell=">&-")
    assert closed.returncode == 1
    assert b"closed from the beginning" in closed.stderr


@pytest.mark.parametrize("arguments", ASKING)
def test_a_reader_that_has_seen_enough_ends_it_quietly(
    arguments: tuple[str, ...], loaded: Warehouse
) -> None:
    with place("gone reader") as lost:
        finished = start(loaded, *arguments, stdout=lost)
    assert (finished.returncode, finished.stderr) == (0, b"")


@pytest.mark.parametrize("variables", OTHER_ENCODINGS)
def test_what_programs_read_is_exact_on_every_console(
    variables: dict[str, str], loaded: Warehouse
) -> None:
    query = "SELECT DISTINCT account FROM fct_invoices"
    as_csv = start(loaded, "query", query, "--format", "csv", variables=variables)
    assert as_csv.stdout.decode("utf-8").splitlines() == ["account", NAME]
    as_json = start(loaded, "query", query, "--format", "json", variables=variables)
    assert json.loads(as_json.stdout.decode("utf-8")) == [{"account": NAME}]
    as_table = start(loaded, "query", query, variables=variables)
    encoding = variables.get("PYTHONIOENCODING", "ascii")
    assert NAME.encode(encoding, "backslashreplace") in as_table.stdout


def test_a_terminal_of_few_signs(
    warehouse: Warehouse, shared_sandbox: Sandbox, tmp_path: Path
) -> None:
    variables = environment(warehouse, accounts(shared_sandbox) | {"PYTHONIOENCODING": "ascii"})
    arguments = [sys.executable, "-m", "pipelines.cli", "run"]
    exit_code, shown = conversation(arguments, [], folder=tmp_path, variables=variables)
    assert exit_code == 0, shown
    assert "Traceback" not in shown
    assert was_published(warehouse)


def test_a_listener_that_fails_is_nobody_elses_matter() -> None:
    def fails(event: Event) -> None:
        raise ValueError(event.name)

    unfailing(fails)(Event("told", "to nobody"))
