"""The raw documents of `given/*.json`, as five nights of loads would have left them.

Each entry says why it is there. `nights` is when its version was listed: "2-4" from the second
night on and no longer in the fourth, "2-" until today. A `document` is taken as it is written in
the file, digit for digit; a `text` is one that is no JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec

from pipelines.publish.export import name_issuers
from pipelines.warehouse import charges, invoice_files, load_results
from pipelines.warehouse.invoice_files import KeptFile
from pipelines.warehouse.load_results import AccountOutcome
from sources.charges import COLUMNS
from tests.transforms.corpus import rates

GIVEN = Path(__file__).parent / "given"
NIGHTS = [datetime(2026, month, 1, 2, tzinfo=UTC) for month in range(7, 12)]
STARTED_AT = NIGHTS[-1]
# Of two accounts the newest run counts, whatever was before; the first run's clock was ahead.
_OUTCOMES: list[tuple[datetime, list[tuple[str, str, str | None]]]] = [
    (datetime(2027, 1, 1, tzinfo=UTC), [("planetscale", "acme", None)]),
    (
        NIGHTS[3],
        [
            ("mongodb", "acme", None),
            ("mongodb", "words", "HTTP 503."),
            ("turso", "acme", "HTTP 500."),
        ],
    ),
    (
        NIGHTS[4],
        [
            ("mongodb", "acme", "HTTP 401. Check its keys."),
            ("turso", "acme", None),
            ("versori", "acme", ""),
        ],
    ),
    # The newest run, by a clock that went back: nothing came whole, and one account has never.
    (
        datetime(2026, 10, 31, 2, tzinfo=UTC),
        [("mongodb", "acme", "HTTP 429."), ("versori", "never", "HTTP 404.")],
    ),
]
# One got another name twice, and two accounts that came later took over its first one in turn.
_RENAMED = [
    ("northflank", "renamed", "first name"),
    ("northflank", "moved on", "first name#2"),
    ("northflank", "moved off", "second free"),
    ("mongodb", "renamed elsewhere", "first free"),
    ("northflank", "another", "other name"),
    ("turso", "renamed", "name elsewhere"),
]
# Two invoices of Turso, one of Versori, which has no numbers, and one of MongoDB.
_FILES = (
    "0f69c6c16f1221336949e2a584af761d",
    "1b0a073547fc4e8b30faac5166aefbb6",
    "0c90a4c5e0817122accdf251a149284b",
    "ba13dc21250e87a0f35afb09bffcb36d",
)


def _rule(
    line: int, teams: str, method: str = "percentage", **conditions: str
) -> dict[str, object]:
    """A rule whose first row stands in this line of the file; `teams` are `x 40, y 60`."""
    shares: list[dict[str, object]] = []
    for team, _, percentage in (each.partition(" ") for each in teams.split(", ")):
        shares.append({"team": team, "line": line + len(shares)})
        if percentage:
            shares[-1]["percentage"] = percentage
    return {"rule": line, "method": method, "shares": shares, **_ANY, **conditions}


_ANY = dict.fromkeys(("vendor", "account", "project", "resource", "tag", "category", "sku"), "")
_RULES = [
    _rule(1, "marked 100", tag="cloudflare_billed=t*"),
    _rule(2, "tagged 100", tag="team=a"),
    _rule(3, "late 70", vendor="mongodb", resource="app", valid_from="2026-05-01"),
    _rule(4, "early 100", category="usage", resource="app", valid_to="2026-04-01"),
    _rule(5, "taxes 100", category="tax", valid_to="2026-05-01"),
    _rule(6, "atlas 12.5, x 0.0001", vendor="mongodb", account="acme", sku="ATLAS_?*"),
    _rule(8, "x 50, y 25, z 25", vendor="planetscale", project="s?op", account="acme"),
    _rule(11, "y 33.3333, x 33.3333", vendor="planetscale", account="acme"),
    _rule(13, "y, x", "evenly", vendor="p*", account="half"),
    _rule(15, "z, y, x", "evenly", account="long", valid_from="2026-01-01", valid_to="2026-03-01"),
    _rule(18, "minus 100", vendor="planetscale", account="credit"),
    _rule(19, "x, minus, y, nobody", "proportional", vendor="planetscale", account="h*"),
    _rule(23, "x 40, y 60", vendor="northflank", category="usage", account="acme"),
    _rule(25, "y, x", "proportional", vendor="northflank", account="acme"),
    _rule(27, "x, even", "evenly", vendor="turso", account="amounts"),
    _rule(28, "nobody, minus", "proportional", vendor="versori", account="yen"),
    _rule(30, "z 100", vendor="versori", account="back_again"),
    _rule(31, "z 50", vendor="versori", account="back again"),
    # What is shared evenly is no direct cost, however large: all of June is of nobody.
    _rule(32, "even, taxes, tagged", "proportional", vendor="turso", account="odd"),
    # Fits what states one alone.
    _rule(35, "stated 100", project="?*"),
    _rule(36, "stated 100", resource="?*"),
    # Signs that stand for something in SQL, and for themselves in a rule.
    _rule(37, "signs 100", sku="%"),
    _rule(38, "signs 100", sku="a\\b_*"),
    _rule(39, "stated 100", sku="?*"),
]
_BUDGETS = [
    {"team": "x", "month": None, "currency": "JPY", "amount": "3"},
    {"team": "x", "month": None, "currency": "USD", "amount": "20"},
    {"team": "x", "month": "2026-09-01", "currency": "USD", "amount": "99999999"},
    {"team": "y", "month": "2026-08-01", "currency": "USD", "amount": "0.5"},
    {"team": "unallocated", "month": None, "currency": "JPY", "amount": "7"},
    {"team": "z", "month": "2030-01-01", "currency": "GBP", "amount": "2.0001"},
]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A version of a document, and why it is in the corpus."""

    why: str
    listing: str
    key: str
    nights: str
    account: str = "acme"
    entity: str = "invoices"
    document: msgspec.Raw = msgspec.Raw()
    text: str = ""

    @property
    def verbatim(self) -> str:
        return self.text or bytes(self.document).decode()

    def version_hash(self, vendor: str) -> str:
        told = (vendor, self.entity, self.account, self.listing, self.key, self.verbatim)
        return hashlib.sha256(repr(told).encode()).hexdigest()

    @property
    def validity(self) -> tuple[datetime, datetime | None]:
        first, _, last = self.nights.partition("-")
        return NIGHTS[int(first) - 1], NIGHTS[int(last) - 1] if last else None


def entries() -> Iterator[tuple[str, Entry]]:
    """Every entry, with its vendor."""
    for path in sorted(GIVEN.glob("*.json")):
        for entry in msgspec.json.decode(path.read_bytes(), type=list[Entry]):
            yield path.stem, entry


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """Lay out `raw` and the results of earlier runs in an empty database."""
    connection.execute("CREATE SCHEMA raw")
    rows: dict[str, list[list[object]]] = {}
    for vendor, each in entries():
        row = [each.account, each.listing, each.key, each.verbatim, each.version_hash(vendor)]
        rows.setdefault(f"{vendor}__{each.entity}", []).append(
            [*row, f"load of {each.validity[0]:%B}", *each.validity]
        )
    for table, values in rows.items():
        connection.execute(
            f"CREATE TABLE raw.{table} (account VARCHAR, listing VARCHAR, document_key VARCHAR,"
            " document VARCHAR, version_hash VARCHAR, _dlt_load_id VARCHAR,"
            " valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ)"
        )
        connection.executemany(f"INSERT INTO raw.{table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute(
        "CREATE TABLE raw.renamed_accounts (vendor TEXT, account TEXT, first_name TEXT)"
    )
    connection.executemany("INSERT INTO raw.renamed_accounts VALUES (?, ?, ?)", _RENAMED)
    rates.load(connection, NIGHTS)
    connection.execute(
        "CREATE TABLE raw.rule_files (number BIGINT, name TEXT, document TEXT, since TIMESTAMPTZ)"
    )
    for number, (name, document) in enumerate(
        [("allocation", []), ("allocation", _RULES), ("budgets", _BUDGETS)], start=1
    ):
        text = msgspec.json.encode(document).decode()
        connection.execute(
            "INSERT INTO raw.rule_files VALUES (?, ?, ?, ?)", [number, name, text, NIGHTS[0]]
        )
    _lay_out_charges(connection)
    _close_months(connection)
    _add_load_results(connection)
    _add_invoice_files(connection)


def _lay_out_charges(connection: duckdb.DuckDBPyConnection) -> None:
    """What the documents of focus.json name: as `charges.json` has it, by chunk."""
    charges.create(connection)
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in ("chunk", *COLUMNS))
    connection.execute(
        f"INSERT INTO raw.charges BY NAME FROM read_json(?, columns = {{{columns}}})",
        [str(GIVEN.parent / "charges.json")],
    )


def _close_months(connection: duckdb.DuckDBPyConnection) -> None:
    """Three months that were closed, of which one is open again. `closed.json` has what was closed
    then: some of it is as it was."""
    connection.execute(
        "CREATE TABLE raw.closed_months (name TEXT, month DATE, closed_at TIMESTAMPTZ,"
        " believed_at TIMESTAMPTZ, reopened_at TIMESTAMPTZ)"
    )
    for name, reopened_at in (("2026-06", None), ("2026-08", None), ("2026-05", NIGHTS[3])):
        connection.execute(
            "INSERT INTO raw.closed_months VALUES (?, ?, ?, ?, ?)",
            [name, f"{name}-01", NIGHTS[2], NIGHTS[1], reopened_at],
        )
    connection.execute(
        "CREATE TABLE raw.closed_spend (name TEXT, month DATE, line_id TEXT, invoice_id TEXT,"
        " vendor TEXT, account TEXT, category TEXT, description TEXT, currency TEXT,"
        " amount_cents BIGINT)"
    )
    connection.executemany(
        "INSERT INTO raw.closed_spend VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        msgspec.json.decode((GIVEN.parent / "closed.json").read_bytes()),
    )


def name_most_issuers(connection: duckdb.DuckDBPyConnection) -> None:
    """For the exports; one vendor is as if a Billhouse of before had known it."""
    name_issuers(connection)
    connection.execute("DELETE FROM issuers WHERE vendor = 'northflank'")


def _add_load_results(connection: duckdb.DuckDBPyConnection) -> None:
    load_results.create(connection)
    for started_at, accounts in _OUTCOMES:
        results = []
        for vendor, account, error in accounts:
            outcome = "ok" if error is None else "failed"
            results.append(
                AccountOutcome(vendor, account, outcome, 1, 1, 1, 0, 1.0, error or None, 1)
            )
        load_results.add(connection, f"run of {started_at:%Y-%m-%d}", started_at, results)


def _add_invoice_files(connection: duckdb.DuckDBPyConnection) -> None:
    """One that is kept, two that are lost, one that failed, and one of an invoice that is gone."""
    invoice_files.create(connection)
    kept = KeptFile("a" * 64, f"documents/aa/{'a' * 64}.pdf", 1234)
    host = "assets.withorb.com"
    invoice_files.note_kept(connection, _FILES[0], kept, "application/pdf", host, NIGHTS[3])
    for invoice_id, problem, is_lost in (
        (_FILES[1], f"{host} answered 403", True),
        (_FILES[2], "what invoice.stripe.com sent is no PDF", True),
        (_FILES[3], "answered 503 Service Unavailable", False),
        ("of no invoice", f"{host} answered 404", True),
    ):
        invoice_files.note_failed(connection, invoice_id, problem, NIGHTS[4], is_lost=is_lost)
