from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
import typer.main

from pipelines.cli.app import app
from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox, running
from sandbox.world import World
from tests.pipelines.processes import Billhouse, environment
from tests.support.faults import Fault, Faults

EXTRAS = ("currency_converter", "starlette", "uvicorn", "jinja2", "xlsxwriter", "pyspark", "ray")
SLOW_IMPORTS = {"dlt", "duckdb", "pyarrow", "sqlglot", "httpx", "rich"}


@pytest.fixture(scope="module")
def loaded(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A published warehouse for tests that only read."""
    warehouse = Warehouse(tmp_path_factory.mktemp("loaded") / "warehouse")
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "pipelines.cli",
            "run",
            "--vendor",
            "turso",
            "--vendor",
            "versori",
        ],
        env=environment(warehouse, shared_sandbox.environment()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "Published" in finished.stdout
    return warehouse


def reading(warehouse: Warehouse) -> dict[str, str]:
    return {"WAREHOUSE__DIRECTORY": str(warehouse.directory)}


def test_help_is_quick_and_every_command_has_examples(billhouse: Billhouse) -> None:
    program = (
        "import sys; from pipelines.cli.app import app; app(['--help'], standalone_mode=False);"
        f" slow = {SLOW_IMPORTS!r} & sys.modules.keys(); assert not slow, slow"
    )
    finished = billhouse("--help")
    assert finished.returncode == 0
    subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment(Warehouse(Path("none")))
    )
    for command in ("run", "check", "status", "query", "rebuild", "demo"):
        assert f"  {command} " in finished.stdout
        assert "Example" in billhouse(command, "--help").stdout


def test_reading_waits_for_no_import_of_dlt(loaded: Warehouse) -> None:
    for arguments in (["query", "FROM fct_invoices LIMIT 1"], ["status"], ["invoices"]):
        program = (
            "import sys; from pipelines.cli.app import app;"
            f" app({arguments!r}, standalone_mode=False);"
            " assert 'dlt' not in sys.modules"
        )
        finished = subprocess.run(
            [sys.executable, "-c", program],
            env=environment(loaded),
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr


def test_the_nightly_job_imports_no_extra(loaded: Warehouse, shared_sandbox: Sandbox) -> None:
    program = (
        "import sys\n"
        f"class Missing:\n    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {EXTRAS!r}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from pipelines.cli.app import main\nsys.argv[1:] = {arguments!r}\nmain()"
    )
    codes = {}
    for arguments in (
        ["run", "--vendor", "turso"],
        ["status"],
        ["demo"],
        ["report"],
        ["export", "xlsx", "--output", "x"],
    ):
        finished = subprocess.run(
            [sys.executable, "-c", program.replace("{arguments!r}", repr(arguments))],
            env=environment(loaded, shared_sandbox.environment()),
            capture_output=True,
            text=True,
            check=False,
        )
        codes[arguments[0]] = finished.returncode
        if finished.returncode:
            extra = arguments[1 if arguments[0] == "export" else 0]
            assert f"with the extra {extra}: billhouse[{extra}]" in finished.stderr
    assert codes == {"run": 0, "status": 0, "demo": 2, "report": 2, "export": 2}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--vendor", "nobody"], "Known are: turso, versori, mongodb, northflank, planetscale"),
        (["--account", "nobody"], "Configured are: "),
        (["--log-format", "xml"], "xml"),
    ],
)
def test_wrong_usage(
    arguments: list[str], sentence: str, billhouse: Billhouse, shared_sandbox: Sandbox
) -> None:
    shared_sandbox.reset_requests()
    finished = billhouse("run", *arguments, variables=shared_sandbox.environment())
    assert finished.returncode == 2
    assert sentence in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not shared_sandbox.requests


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PROXY", "socks://user:very-secret@proxy.example:1080"),
        ("https_proxy", "http://proxy.example:very-secret"),
        ("SSL_CERT_FILE", "/nowhere/very-secret.pem"),
        ("SSL_CERT_DIR", "/nowhere/very-secret"),
    ],
)
def test_a_mistake_in_the_environment_ends_before_any_request(
    command: str, name: str, value: str, billhouse: Billhouse, shared_sandbox: Sandbox
) -> None:
    shared_sandbox.reset_requests()
    mistake = {"SSL_CERT_FILE": "", name: value}
    finished = billhouse(command, variables={**shared_sandbox.environment(), **mistake})
    assert finished.returncode == 2
    assert f"The configuration can't be used. {name} " in finished.stderr
    assert "very-secret" not in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr
    assert not shared_sandbox.requests


def test_without_accounts_it_says_what_to_write(billhouse: Billhouse, tmp_path: Path) -> None:
    finished = billhouse("run")
    assert finished.returncode == 2
    assert str(tmp_path / ".dlt" / "secrets.toml") in finished.stderr
    assert "[[sources.turso.accounts]]" in finished.stderr
    assert "SOURCES__TURSO__ACCOUNTS" in finished.stderr
    assert "service_token_id" in finished.stderr


def test_accounts_and_warehouse_from_toml(billhouse: Billhouse, tmp_path: Path) -> None:
    with running(World(months=2)) as sandbox:
        settings = tmp_path / ".dlt"
        settings.mkdir()
        [account, *_] = sandbox.world.accounts("turso")
        lines = [f"{key} = {json.dumps(value)}" for key, value in account.settings.items()]
        (settings / "secrets.toml").write_text("\n".join(["[[sources.turso.accounts]]", *lines]))
        (settings / "config.toml").write_text(
            f'[sources.turso]\nbase_url = "{sandbox.url}/turso"\n'
            '[warehouse]\ndirectory = "from toml"\n'
        )
        finished = billhouse("run", variables={"WAREHOUSE__DIRECTORY": ""})
    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "from toml" / "billhouse.duckdb").exists()


def test_toml_that_cannot_be_read_is_told_in_a_sentence(
    billhouse: Billhouse, tmp_path: Path
) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text('[sources.turso\napi_token = "my-secret"\n')
    for command in ("run", "check", "status"):
        finished = billhouse(command, variables={"WAREHOUSE__DIRECTORY": ""})
        assert finished.returncode == 2
        assert f"{tmp_path}/.dlt/secrets.toml is not valid TOML:" in finished.stderr
        assert "line 1" in finished.stderr
        assert "my-secret" not in finished.stderr
        assert "Traceback" not in finished.stderr


def test_nothing_but_json_lines_each_with_the_run(
    billhouse: Billhouse, shared_sandbox: Sandbox
) -> None:
    variables = shared_sandbox.environment(["turso"])
    finished = billhouse("run", "--log-format", "json", variables=variables)
    assert finished.returncode == 0
    assert finished.stdout == ""
    records = [json.loads(line) for line in finished.stderr.splitlines()]
    assert all({"time", "level", "event", "message"} <= record.keys() for record in records)
    [run_id] = {record["run_id"] for record in records}
    sql = "SELECT DISTINCT run_id FROM load_results"
    assert run_id in billhouse("query", sql, variables=variables).stdout
    assert records[0]["event"] == "load_started"
    assert records[-1]["event"] == "run_finished"
    assert records[-1]["exit_code"] == 0
    assert "new version(s), 0 closed. Published in" in records[-1]["summary"]
    mistake = {"AUDITS__ACKNOWLEDGED__NONSENSE": "1"}
    failed = billhouse("run", "--log-format", "json", variables=variables | mistake)
    assert failed.returncode == 2
    [record] = map(json.loads, failed.stderr.splitlines())
    assert record["run_id"]
    for nonsense in (["--vendr", "turso"], ["--lock-timeout", "soon"], ["turso"]):
        misspelled = billhouse("run", "--log-format=json", *nonsense, variables=variables)
        assert (misspelled.returncode, misspelled.stdout) == (2, "")
        [record] = map(json.loads, misspelled.stderr.splitlines())
        assert (record["event"], record["exit_code"]) == ("failed", 2)
        assert nonsense[-1] in record["message"] or nonsense[0] in record["message"]
    again = billhouse("run", "--verbose", variables=variables)
    assert "nothing changed" in again.stdout
    assert "marts.dim_billing_periods" in again.stdout
    assert "marts.fct_invoices" not in again.stdout


def test_retries_are_told(billhouse: Billhouse) -> None:
    """To people with --verbose, and to programs: the first answer of each run is a 503."""
    faults = Faults()
    route = "GET /turso/v1/organizations/{organizationSlug}/invoices"
    with running(World(months=2), between=faults) as sandbox:
        variables = sandbox.environment(["turso"])
        for arguments in (["--verbose"], ["--log-format", "json"], []):
            faults.clear()
            faults.inject(Fault(kind="refuse", status=503, route=route, times=1))
            finished = billhouse("run", *arguments, variables=variables)
            assert finished.returncode == 0, finished.stderr
            told = [line for line in finished.stderr.splitlines() if "answered 503" in line]
            assert len(told) == bool(arguments)
            if "json" in arguments:
                record = json.loads(told[0])
                found = (record["event"], record["vendor"], record["status"], record["attempt"])
                assert found == ("waiting", "turso", 503, 1)
                assert record["request"].startswith("GET /")
                assert record["account"].startswith("turso-")
                assert record["seconds"] > 0
            elif told:
                assert "tried 1 time(s). Waiting" in told[0]


def test_a_certificate_that_nobody_trusts(billhouse: Billhouse, tmp_path: Path) -> None:
    """As behind a company's proxy: the error names the variable that helps, and is made once."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingTCPServer(("127.0.0.1", 0), BaseRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *refused: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        variables = {
            "SOURCES__TURSO__ACCOUNTS": '[{"organization": "acme", "api_token": "t"}]',
            "SOURCES__TURSO__BASE_URL": f"https://localhost:{server.server_address[1]}",
        }
        started = time.monotonic()
        finished = billhouse("check", variables=variables)
        server.shutdown()
        thread.join()
    assert finished.returncode == 1
    shown = " ".join(finished.stdout.split())
    assert "CERTIFICATE_VERIFY_FAILED" in shown
    assert "(PEM) in SSL_CERT_FILE" in shown
    assert time.monotonic() - started < 30


def test_query_formats_are_exact(billhouse: Billhouse, loaded: Warehouse) -> None:
    sql = (
        "SELECT 'a,\"b' AS text, 10.10::DECIMAL(5, 2) AS amount, sum(9007199254740993) AS cents,"
        " TIMESTAMPTZ '2024-03-01 00:00:00+02' AS moment, NULL AS nothing, [1.50, 2.25] AS list"
    )
    as_json = billhouse("query", sql, "--format", "json", variables=reading(loaded)).stdout
    assert '"amount":10.10,"cents":9007199254740993' in as_json
    assert '"moment":"2024-02-29T22:00:00Z","nothing":null,"list":[1.50,2.25]' in as_json
    assert json.loads(as_json)[0]["text"] == 'a,"b'

    as_csv = billhouse("query", sql, "--format", "csv", variables=reading(loaded)).stdout
    assert list(csv.reader(io.StringIO(as_csv)))[1] == [
        'a,"b',
        "10.10",
        "9007199254740993",
        "2024-02-29T22:00:00Z",
        "",
        "[1.50,2.25]",
    ]
    as_table = billhouse("query", sql, variables=reading(loaded)).stdout
    assert "10.10   9007199254740993" in as_table


@pytest.mark.parametrize(
    ("sql", "exit_code", "sentence"),
    [
        ("SELECT x FROM fct_invoices", 1, "x"),
        ("FROM no_such_table", 1, "no_such_table"),
        ("CREATE TABLE t AS SELECT 1", 1, "read-only"),
        ("FROM read_text('/etc/hostname')", 1, "read_text is disabled"),
        ("FROM '/etc/hostname.csv'", 1, "file system operations are disabled"),
        ("ATTACH '/tmp/other.duckdb'", 1, "disabled"),
        ("SET enable_external_access = true", 1, "SET is disabled"),
        ("SELECT 1; SELECT 2", 2, "one query at a time"),
        (" ; ", 2, "There is no query"),
    ],
)
def test_query_refuses(
    sql: str, exit_code: int, sentence: str, billhouse: Billhouse, loaded: Warehouse
) -> None:
    finished = billhouse("query", sql, variables=reading(loaded))
    assert finished.returncode == exit_code
    assert sentence in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert finished.stdout == ""


def test_query_before_the_first_run(billhouse: Billhouse) -> None:
    finished = billhouse("query", "SELECT 1")
    assert finished.returncode == 1
    assert "Nothing is published yet" in finished.stderr


def test_columns_of_one_name_are_not_lost(billhouse: Billhouse, loaded: Warehouse) -> None:
    sql = "SELECT 1 AS a, 2 AS a"
    assert billhouse("query", sql, "--format", "json", variables=reading(loaded)).returncode == 1
    as_csv = billhouse("query", sql, "--format", "csv", variables=reading(loaded)).stdout
    assert as_csv == "a,a\n1,2\n"


def test_status_knows_of_runs_that_published_nothing(
    billhouse: Billhouse, shared_sandbox: Sandbox
) -> None:
    assert billhouse("status").returncode == 1
    variables = shared_sandbox.environment(["turso"])
    assert billhouse("run", variables=variables).returncode == 0
    variables["SOURCES__TURSO__ACCOUNTS"] = variables["SOURCES__TURSO__ACCOUNTS"].replace(
        '"api_token": "', '"api_token": "wrong-'
    )
    failed = billhouse("run", variables=variables)
    assert failed.returncode == 1
    assert failed.stderr.count("Every account failed") == 1
    assert failed.stderr.count("turso turso-1-full failed: ") == 1
    assert "401" not in failed.stdout
    assert "Nothing was published; the log says why." in failed.stdout
    status = billhouse("status")
    assert status.returncode == 0
    assert "401" in status.stdout
    assert "billhouse.duckdb" in status.stdout


def test_check_tells_each_account(billhouse: Billhouse, shared_sandbox: Sandbox) -> None:
    variables = shared_sandbox.environment(["turso"])
    assert billhouse("check", variables=variables).returncode == 0
    variables["SOURCES__TURSO__ACCOUNTS"] = variables["SOURCES__TURSO__ACCOUNTS"].replace(
        '"api_token": "', '"api_token": "wrong-', 1
    )
    finished = billhouse("check", variables=variables)
    assert finished.returncode == 1
    assert "401" in finished.stdout
    assert "wrong-" not in finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_a_stopped_run_is_repaired_by_the_next(
    number: signal.Signals,
    exit_code: int,
    warehouse: Warehouse,
    tmp_path: Path,
    billhouse: Billhouse,
) -> None:
    with running(World(months=2), latency=0.2) as sandbox:
        variables = sandbox.environment(["versori", "turso"])
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "run"],
            # Where a signal ends an import, Python leaves the file that it reads to its collector.
            env=environment(
                warehouse, {**variables, "PYTHONWARNINGS": "error,ignore::ResourceWarning"}
            ),
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert "Fetching" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
        assert process.returncode == exit_code
        assert "Traceback" not in told
        if number is not signal.SIGKILL:
            assert f"Stopped by {number.name}" in told
            assert [path.name for path in warehouse.directory.iterdir()].count("dlt") == 0
    with running(World(months=2)) as sandbox:
        finished = billhouse("run", variables=sandbox.environment(["versori", "turso"]))
        assert finished.returncode == 0, finished.stderr


def test_demo_leaves_alone_what_no_demo_wrote(
    billhouse: Billhouse, warehouse: Warehouse, tmp_path: Path
) -> None:
    precious = tmp_path / "demo-warehouse" / "precious"
    precious.parent.mkdir()
    precious.write_text("keep")
    for arguments in ([], ["--directory", str(warehouse.directory)]):
        finished = billhouse("demo", *arguments)
        assert finished.returncode == 2
        assert "--directory" in finished.stderr
    assert precious.read_text() == "keep"
    assert not warehouse.directory.exists()


def test_demo_asks_the_sandbox_only_and_keeps_what_others_put_beside_it(
    billhouse: Billhouse, tmp_path: Path, sandbox: Sandbox
) -> None:
    """Whatever is configured; and its files follow the umask."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(
        '[[sources.turso.accounts]]\norganization = "real"\napi_token = "real"\n'
        '[sources.versori]\nno_such_key = "a mistake"\n'
    )
    folder = tmp_path / "demo-warehouse"
    before = os.umask(0o027)
    try:
        for _ in range(2):
            finished = billhouse("demo", variables=sandbox.environment())
            assert finished.returncode == 0, finished.stderr
            assert not sandbox.requests
            assert re.search(r"^new +\d+ .*\bfocus, ", finished.stdout, re.MULTILINE)
            titles = [line for line in finished.stdout.splitlines() if "Invented data" in line]
            assert len(titles) == 6
            published = folder / "billhouse.duckdb"
            assert folder.stat().st_mode & 0o777 == 0o750
            assert published.stat().st_mode & 0o777 == 0o640
            (folder / "notes").mkdir(exist_ok=True)
            (folder / "notes" / "mine.txt").write_text("mine")
            (folder / "parquet" / "mine.parquet").write_text("mine")
            kept = {each for each in (folder / "documents").rglob("*") if each.is_file()}
            assert kept
            assert f"{'0' * 64}.pdf" not in {each.name for each in kept}
            assert all(each.stat().st_mode & 0o777 == 0o640 for each in kept)
            (folder / "documents" / "00").mkdir(exist_ok=True)
            (folder / "documents" / "00" / f"{'0' * 64}.pdf").write_text("an earlier demo's")
    finally:
        os.umask(before)
    assert {entry.name for entry in folder.iterdir()} == {
        ".billhouse-demo",
        "allocation.csv",
        "billhouse.duckdb",
        "budgets.csv",
        "charges.csv",
        "documents",
        "notes",
        "parquet",
        "run.lock",
        "work.duckdb",
    }
    assert (folder / "notes" / "mine.txt").read_text() == "mine"
    # Short enough to be read, and what it says to do next works as it stands, in a shell that
    # knows nothing of this environment.
    assert len((finished.stderr + finished.stdout).splitlines()) <= 40
    *_, commands = finished.stdout.partition("What to do next:\n")
    assert "report --open" in commands
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "BROWSER": "true"}
    done = subprocess.run(
        ["sh", "-e"],
        input=commands,
        cwd=tmp_path,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "billhouse-report.html").exists()
    assert "newest closed month" in done.stdout
    asked = done.stdout.partition("\nmonth ")[2].splitlines()
    assert len(asked) > 20
    assert max(map(len, asked)) <= 80


@pytest.mark.parametrize("behind", [False, True])
def test_a_warehouse_that_is_named_stands_above_the_configured_one(
    behind: bool, loaded: Warehouse, billhouse: Billhouse
) -> None:
    named = ["--warehouse", str(loaded.directory)]
    count = ["query", "--format", "csv", "SELECT count(*) > 0 AS found FROM fct_invoices"]
    finished = billhouse(*(count + named if behind else named + count))
    assert (finished.returncode, finished.stdout) == (0, "found\ntrue\n"), finished.stderr


def test_every_command_that_has_a_warehouse_can_be_told_which() -> None:
    without = [
        name
        for name, command in typer.main.get_group(app).commands.items()
        if "--warehouse" not in [opt for parameter in command.params for opt in parameter.opts]
    ]
    assert without == ["check", "init", "alerts"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--warehouse", "there", "demo"], "billhouse demo --warehouse DIR"),
        (["--warehouse", "there", "check"], "doesn't read or write it"),
        (["status", "--warehouse", " "], "--warehouse is empty"),
    ],
)
def test_a_warehouse_is_not_named_in_vain(
    arguments: list[str], sentence: str, billhouse: Billhouse
) -> None:
    finished = billhouse(*arguments, variables={"COLUMNS": "400"})
    assert finished.returncode == 2
    assert sentence in finished.stderr


def test_the_end_of_a_process_searches_nothing_for_circles() -> None:
    """What dlt and Arrow leave took a quarter of a second, each run."""
    program = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print('frozen:', gc.get_freeze_count() > 0))\n"
        "from pipelines.cli.app import main\n"
        "sys.argv = ['billhouse', '--help']\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.endswith("frozen: True\n")
