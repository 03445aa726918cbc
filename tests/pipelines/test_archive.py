"""The paper: files of invoices, fetched after publishing, kept by their hash, told when lost."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.config.configuration import Configuration
from pipelines.errors import UsageError
from pipelines.job import run as job
from pipelines.job.events import Event
from pipelines.publish import read
from pipelines.transform.as_of import opened_as_of
from pipelines.warehouse.backup import back_up, restore
from pipelines.warehouse.connection import connect
from pipelines.warehouse.files import Warehouse
from sandbox.server import Sandbox, running
from sandbox.world import World
from sources.accounts.values import GivenValues
from sources.extract.files import WantedFile, fetch_files
from tests.pipelines.processes import Billhouse
from tests.sources.scripted import Request, response, scripted

PDFS = tuple(f"GET /{vendor}/files/{{invoice}}.pdf" for vendor in ("turso", "versori"))
CSV = "GET /mongodb/api/atlas/v2/orgs/{orgId}/invoices/{invoiceId}/csv"
VENDORS = ("turso", "versori", "mongodb")


class Paper:
    """A sandbox and a warehouse; `instead` answers requests by their route."""

    def __init__(self, sandbox: Sandbox, warehouse: Warehouse, instead: dict[str, ASGIApp]) -> None:
        self.sandbox = sandbox
        self.warehouse = warehouse
        self.instead = instead
        self.events: list[Event] = []

    def run(self, *, archive: bool = True) -> list[str]:
        """The names of the events of a run that did what it should."""
        self.events.clear()
        self.sandbox.reset_requests()
        values = GivenValues({"sources": self.sandbox.configuration(VENDORS)})
        accounts = Configuration(values).accounts()
        done = job.run(self.warehouse, accounts, listener=self.events.append, archive=archive)
        assert done.exit_code == 0, done
        return [each.name for each in self.events]

    def files(self) -> dict[str, dict[str, Any]]:
        return {row["invoice_id"]: row for row in self.rows("FROM fct_invoice_files")}

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with read.opened(self.warehouse) as connection:
            found: list[dict[str, Any]] = read.ask(connection, sql).to_pylist()
            return found

    def work(self, sql: str) -> None:
        with closing(connect(self.warehouse)) as connection:
            connection.execute(sql)

    def messages(self, name: str) -> list[str]:
        return [each.message for each in self.events if each.name == name]

    def asked(self) -> Counter[str]:
        """Requests for files, by their route."""
        return Counter(
            {
                route: count
                for route, count in self.sandbox.requests.items()
                if route.endswith((".pdf", "/csv"))
            }
        )


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    """After one run, which kept what there is."""
    instead: dict[str, ASGIApp] = {}

    def between(route: str, scope: Scope, application: ASGIApp) -> ASGIApp:
        return instead.get(route, application)

    with running(World(months=2), between=between) as sandbox:
        warehouse = Warehouse(tmp_path_factory.mktemp("it's") / "warehouse")
        paper = Paper(sandbox, warehouse, instead)
        names = paper.run()
        assert names.index("published") < names.index("files_archived")
        yield paper


@pytest.fixture
def paper(archived: Paper, tmp_path: Path) -> Iterator[Paper]:
    """A copy, for a test that goes on from there."""
    copy = Warehouse(tmp_path / "warehouse")
    shutil.copytree(archived.warehouse.directory, copy.directory)
    yield Paper(archived.sandbox, copy, archived.instead)
    archived.instead.clear()


def test_each_issued_invoice_has_its_file(archived: Paper) -> None:
    files = archived.files()
    expected = archived.rows(
        "SELECT invoice_id, vendor FROM fct_invoices WHERE payment_status <> 'upcoming'"
        " AND (vendor IN ('turso', 'versori')"
        " OR vendor = 'mongodb' AND account NOT LIKE '%digest-public')"
    )
    assert {row["invoice_id"] for row in expected} == set(files)
    assert {row["vendor"] for row in expected} == {"turso", "versori", "mongodb"}
    vendors = {row["invoice_id"]: row["vendor"] for row in expected}
    for invoice_id, row in files.items():
        content = (archived.warehouse.directory / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert Path(row["file"]).stem == row["sha256"]
        assert len(content) == row["size_bytes"]
        is_csv = vendors[invoice_id] == "mongodb"
        assert content.startswith(b"Date,SKU" if is_csv else b"%PDF-")
        assert row["media_type"] == ("text/csv" if is_csv else "application/pdf")
        assert row["source_host"] == "127.0.0.1"
        assert (row["lost_at"], row["problem"]) == (None, None)
        assert "signature" not in repr(row)
    documents = archived.warehouse.documents
    kept = [each for each in documents.rglob("*") if each.is_file()]
    assert len(kept) == len({row["sha256"] for row in files.values()})
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in kept)
    assert documents.stat().st_mode & 0o777 == 0o700
    with read.opened(archived.warehouse) as connection:
        comments = connection.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'fct_invoice_files'"
            " AND comment IS NULL"
        ).fetchone()
    assert comments == (0,)
    assert (archived.warehouse.parquet / "fct_invoice_files.parquet").exists()


def test_it_is_fetched_once_and_again_only_where_it_is_gone(paper: Paper) -> None:
    before = paper.files()
    assert paper.run().count("files_archived") == 0
    assert not paper.asked()
    assert paper.files() == before

    turso = next(row for row in before.values() if row["media_type"] == "application/pdf")
    kept = paper.warehouse.directory / turso["file"]
    content, changed_at = kept.read_bytes(), kept.stat().st_mtime_ns
    # Killed between the file and its row.
    paper.work(f"DELETE FROM marts.fct_invoice_files WHERE invoice_id = '{turso['invoice_id']}'")
    paper.run()
    assert paper.asked().total() == 1
    assert kept.stat().st_mtime_ns == changed_at
    assert paper.files()[turso["invoice_id"]]["sha256"] == turso["sha256"]

    kept.unlink()
    paper.run()
    assert paper.asked().total() >= 1
    assert kept.read_bytes() == content


def in_turn(*answers: Response) -> ASGIApp:
    """These answers, again and again."""
    remaining = cycle(answers)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await next(remaining)(scope, receive, send)

    return answer


def test_what_is_lost_is_told_once_and_may_come_after_all(paper: Paper) -> None:
    before = paper.files()
    paper.work("DELETE FROM marts.fct_invoice_files")
    refusals = in_turn(
        Response("The link has expired", 403),
        Response("<html>A page for people</html>", media_type="application/pdf"),
        Response("", 302, {"Location": "http://127.0.0.2/a.pdf"}),
        Response("", 302, {"Location": "https://assets.withorb.com/a.pdf"}),
    )
    paper.instead.update(dict.fromkeys(PDFS, refusals))
    paper.instead[CSV] = Response("<html>A page for people</html>", media_type="text/csv")
    paper.run()
    lost = {key: row for key, row in paper.files().items() if row["lost_at"]}
    assert len(lost) == sum(paper.asked()[each] for each in (*PDFS, CSV)) >= 6
    assert all(row["sha256"] is None for row in lost.values())
    assert {row["problem"] for row in lost.values()} == {
        "127.0.0.1 answered 403",
        "what 127.0.0.1 sent is no CSV",
        "what 127.0.0.1 sent is no PDF",
        "the link leads away from the stand-in that gave it",
    }
    told = paper.messages("file_lost")
    assert len(told) == min(len(lost), 6)
    assert all("by hand" in each for each in told)

    paper.run()
    assert not paper.messages("file_lost")
    assert not paper.asked()
    assert {key: row for key, row in paper.files().items() if row["lost_at"]} == lost

    paper.instead.clear()
    paper.work("UPDATE marts.fct_invoice_files SET tried_at = tried_at - INTERVAL 8 DAY")
    paper.run()
    assert paper.files().keys() == before.keys()
    assert all(row["sha256"] and row["lost_at"] is None for row in paper.files().values())


def test_what_may_pass_is_tried_again_on_the_next_run(paper: Paper) -> None:
    before = paper.files()
    paper.work("DELETE FROM marts.fct_invoice_files")
    paper.instead[PDFS[0]] = Response("later", 503)
    paper.run()
    assert not paper.messages("file_lost")
    [told] = paper.messages("files_archived")
    missing = before.keys() - paper.files().keys()
    assert f"{len(missing)} failed" in told
    paper.instead.clear()
    paper.run()
    assert paper.files().keys() == before.keys()
    assert paper.asked().total() == len(missing)


def test_a_disk_that_refuses_stops_no_run(paper: Paper) -> None:
    shutil.rmtree(paper.warehouse.documents)
    paper.warehouse.documents.write_text("of somebody else")
    assert "published" in paper.run()
    [told] = paper.messages("archive_failed")
    assert "next run" in told
    assert paper.warehouse.documents.read_text() == "of somebody else"


def test_what_was_kept_at_an_earlier_moment(paper: Paper) -> None:
    [row] = paper.rows(
        "SELECT min(fetched_at) AS first, max(fetched_at) AS last FROM fct_invoice_files"
    )
    with opened_as_of(paper.warehouse, row["last"]) as connection:
        assert read.ask(connection, "FROM fct_invoice_files").num_rows == len(paper.files())
    with opened_as_of(paper.warehouse, row["first"]) as connection:
        assert 1 <= read.ask(connection, "FROM fct_invoice_files").num_rows < len(paper.files())


def test_backups_have_the_files_and_off_is_off(paper: Paper, tmp_path: Path) -> None:
    back_up(paper.warehouse, tmp_path / "backup", lock_timeout=0)
    restored = Paper(paper.sandbox, Warehouse(tmp_path / "restored"), {})
    restore(restored.warehouse, tmp_path / "backup", lock_timeout=0)
    assert restored.run(archive=False).count("files_archived") == 0
    assert not restored.asked()
    assert restored.files() == paper.files()
    for row in restored.files().values():
        assert (restored.warehouse.directory / row["file"]).is_file()


def test_readable_names(paper: Paper, billhouse: Billhouse, tmp_path: Path) -> None:
    variables = {"WAREHOUSE__DIRECTORY": str(paper.warehouse.directory)}
    [row] = paper.rows(
        "SELECT strftime(max(billing_period_start), '%Y-%m') AS month FROM fct_invoices"
        " WHERE vendor = 'mongodb' AND payment_status <> 'upcoming'"
    )
    done = billhouse("files", "--month", row["month"], "--output", "out", variables=variables)
    assert done.returncode == 0, done.stderr
    expected = paper.rows(
        "SELECT invoice.*, file, sha256 FROM fct_invoices AS invoice"
        " INNER JOIN fct_invoice_files USING (invoice_id)"
        f" WHERE billing_period_start < TIMESTAMPTZ '{row['month']}-01' + INTERVAL 1 MONTH"
        f" AND billing_period_end > TIMESTAMPTZ '{row['month']}-01'"
    )
    copies = list((tmp_path / "out").iterdir())
    assert f"{len(copies)} file(s)" in done.stdout
    assert "No file: mongodb_mongodb-4-digest-public_" in done.stdout
    assert sorted(hashlib.sha256(each.read_bytes()).hexdigest() for each in copies) == sorted(
        each["sha256"] for each in expected
    )
    for each in expected:
        number = each["invoice_number"] or each["invoice_id"][:12]
        day = each["billing_period_first_day"]
        ending = Path(each["file"]).suffix
        name = f"{each['vendor']}_{each['account']}_{number}_{day}{ending}"
        assert (tmp_path / "out" / name).is_file(), name

    (paper.warehouse.directory / expected[0]["file"]).write_text("something else")
    refused = billhouse("files", "--month", row["month"], "--output", "out", variables=variables)
    assert refused.returncode == 1
    assert "changed" in refused.stderr
    assert (
        billhouse("files", "--month", "soon", "--output", "out", variables=variables).returncode
        == 2
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"enabled": "maybe"}, "true or false"), ({"enable": True}, "Did you mean enabled")],
)
def test_mistakes_in_the_configuration(settings: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Configuration(GivenValues({"archive": settings})).archives()


def test_it_is_off_unless_it_is_on() -> None:
    assert not Configuration(GivenValues({})).archives()
    assert Configuration(GivenValues({"archive": {"enabled": True}})).archives()


def test_the_time_is_bounded() -> None:
    def slowly(_: Request) -> bytes:
        time.sleep(0.5)
        return response("%PDF-1.4")

    with scripted(slowly) as server:
        account = {"organization": "acme", "api_token": "secret"}
        values = {"sources": {"turso": {"base_url": server.url, "accounts": [account]}}}
        [configured] = Configuration(GivenValues(values)).accounts()
        begun = time.monotonic()
        wanted = [WantedFile(configured, str(number), f"{server.url}/a") for number in range(9)]
        put: list[object] = []
        fetch_files(wanted, lambda *each: put.append(each), seconds=0.2)
        assert time.monotonic() - begun < 2
        assert not put
