"""A build of what changed gives what a build of everything gives, whatever happened before."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.config.reporting import ReportingSettings
from pipelines.transform import BuildResult, raw
from pipelines.transform.model import TRANSFORMS
from pipelines.warehouse import charges, exchange_rates
from tests.transforms.test_lines import LINE
from tests.transforms.test_readings import FOCUS, MONGODB, PLANETSCALE, TURSO, VERSORI
from tests.transforms.work_database import NIGHT, WorkDatabase

HISTORIES = int(os.environ.get("BILLHOUSE_HISTORIES", "2"))
NIGHTS = int(os.environ.get("BILLHOUSE_NIGHTS", "5"))
KEPT = [
    "intermediate.invoices",
    *(f"marts.{path.stem}" for path in sorted((TRANSFORMS / "marts").glob("*.sql"))),
]
MONTH = timedelta(days=30)
CHUNKS = ("first", "second", "third")

Place = tuple[str, str, str, str, str]
"""Vendor, entity, account, listing and key."""


@dataclass
class History:
    """What the vendors list, changed at random from night to night, in every database alike."""

    chance: random.Random
    databases: list[WorkDatabase]
    listed: set[Place] = field(default_factory=set)
    now: datetime = NIGHT
    changed_tonight: set[Place] = field(default_factory=set)
    rates: dict[str, str] = field(default_factory=dict)

    def next_night(self) -> None:
        self.changed_tonight.clear()
        self.now += self.chance.choice([timedelta(days=1), MONTH])
        for _ in range(self.chance.randint(0, 4)):
            self.chance.choice(
                [
                    self.turso,
                    self.versori,
                    self.mongodb,
                    self.planetscale,
                    self.northflank,
                    self.focus,
                    self.cockroachdb,
                ]
            )()
        # Several at once: a load gives all that it ends the same time.
        for place in self.chance.sample(sorted(self.listed), len(self.listed)):
            if self.chance.random() < 0.25:
                self.set(place, None)
        self.exchange_rates()

    def set(self, place: Place, document: dict[str, Any] | None) -> None:
        """List another document there, or none any more: once a night, as a load would find it."""
        if place in self.changed_tonight:
            return
        self.changed_tonight.add(place)
        vendor, entity, account, listing, key = place
        at: dict[str, Any] = {"entity": entity, "account": account, "listing": listing, "key": key}
        for each in self.databases:
            if place in self.listed:
                each.close(vendor, valid_to=self.now, **at)
            if document is not None:
                each.add(vendor, document, valid_from=self.now, **at)
        self.listed.discard(place)
        if document is not None:
            self.listed.add(place)

    def exchange_rates(self) -> None:
        """Some nights they don't come; some days come late, or are corrected."""
        # Of its own, since it is asked hundreds of times.
        chance = random.Random(self.chance.randint(0, 10**9))
        if chance.random() < 0.3:
            return
        days = [(self.now - timedelta(days=number)).date() for number in range(1, 50)]
        days += [date(2026, month, day) for month in range(1, 11) for day in (1, 28)]
        rates = {
            str(day): json.dumps({"USD": chance.choice(["1.25", "1.6", "N/A"]), "GBP": "0.8"})
            for day in days
            if chance.random() < (0.05 if str(day) in self.rates else 0.8)
        }
        self.rates |= rates
        settings = ReportingSettings("GBP" if chance.random() < 0.1 else "EUR")
        for each in self.databases:
            exchange_rates.configure(each.connection, settings)
            exchange_rates.keep(each.connection, rates, self.now, "night")

    def account(self) -> str:
        return self.chance.choice(["acme", "umbrella"])

    def total(self) -> str:
        return self.chance.choice(["10.29", "-3.00", "0.005", "no number"])

    def turso(self) -> None:
        due = self.now + self.chance.choice([-MONTH, timedelta(days=3), MONTH])
        document = TURSO | {"amount_due": self.total(), "due_date": due.isoformat()}
        if self.chance.random() < 0.5:
            document |= {"paid_at": None, "payment_failed_at": None}
        number = self.chance.choice(["A-1", "A-2"])
        listing, key = self.chance.choice(
            [("issued", number), ("upcoming", number), ("upcoming", "upcoming")]
        )
        self.set(("turso", "invoices", self.account(), listing, key), document)

    def versori(self) -> None:
        month = self.chance.randint(1, 3)
        start, end = f"2026-{month:02}-01", f"2026-{month + 1:02}-01"
        amount = VERSORI["totalAmount"] | {"integral": self.chance.randint(1, 20)}
        products = [{"productName": "Seats", "quantity": 1, "total": amount}]
        document = VERSORI | {
            "invoiceStartDate": start,
            "invoiceEndDate": end,
            "totalAmount": amount,
            "productBreakdowns": self.chance.choice([[], products]),
        }
        ordinal = self.chance.choice(["", "", "#2"])
        listing, key = self.chance.choice(
            [
                (start[:7], f"{start}/{end}{ordinal}"),
                (end[:7], f"{start}/{end}{ordinal}"),
                ("upcoming", f"upcoming{ordinal}"),
            ]
        )
        self.set(("versori", "invoices", self.account(), listing, key), document)

    def northflank(self) -> None:
        """Contracts that change, keys spelled otherwise, invoices credited and issued again."""
        account, start = self.account(), self.chance.choice([1782864000, 1785542400])
        period = {"start": start, "end": start + 2678400}
        total = self.chance.choice([1000, -1000, 2000])
        key = self.chance.choice(["{}/{}", "{}.0/{}.0", "{}/{}#2", "id-1", "id-2"])
        if key.startswith("id"):
            document = {"id": key, "status": "open", "total": total / 100, "currency": "usd"}
        else:
            document = {"paid": True, "total": total}
        # A load spells the keys that it makes in one way: what it finds otherwise spelled, it ends.
        spellings = ["{}/{}", "{}.0/{}.0"] if key in ("{}/{}", "{}.0/{}.0") else [key]
        places = {
            each: ("northflank", "invoices", account, "all", each.format(*period.values()))
            for each in spellings
        }
        if not self.changed_tonight.intersection(places.values()):
            for spelling, place in places.items():
                self.set(place, document | {"period": period} if spelling == key else None)

    def mongodb(self) -> None:
        account, key = self.account(), self.chance.choice(["1", "2"])
        listed = MONGODB | {
            "id": key,
            "amountBilledCents": self.chance.choice([192, 384]),
            "statusName": self.chance.choice(["PENDING", "CLOSED", "PAID"]),
        }
        self.set(("mongodb", "invoices", account, "all", key), listed)
        if self.chance.random() < 0.7:
            lines = self.chance.choice([[LINE], [LINE, LINE], [LINE | {"totalPriceCents": "?"}]])
            refunds = self.chance.choice([[], [{"paymentId": "p", "amountCents": 92}]])
            detail = listed | {"lineItems": lines, "payments": [], "refunds": refunds}
            self.set(("mongodb", "invoice_details", account, key, key), detail)

    def planetscale(self) -> None:
        document = PLANETSCALE | {
            "total": self.total(),
            "paid": self.chance.choice([True, False]),
            "billing_period_start": f"{self.now:%Y-%m-01}",
            "billing_period_end": f"{self.now:%Y-%m-28}",
        }
        self.set(("planetscale", "invoices", self.account(), "all", f"{self.now:%Y-%m}"), document)

    def cockroachdb(self) -> None:
        """One document, of whose currencies each is an invoice that comes and goes."""
        currencies = self.chance.sample(
            ["USD", "CRDB_CLOUD_CREDITS", "LEAVES"], self.chance.choice([0, 1, 1, 2, 2, 3])
        )
        amounts = [
            {"amount": self.chance.choice([3, 0.30000000000000004, 0]), "currency": each}
            for each in currencies
        ]
        lines = [{"description": "Compute", "total": each} for each in amounts]
        document = {
            "status": self.chance.choice(["DRAFT", "FINALIZED"]),
            "period_start": f"{self.now:%Y-%m-01T00:00:00Z}",
            "period_end": f"{self.now + MONTH:%Y-%m-28T00:00:00Z}",
            "totals": amounts,
            "invoice_items": [{"cluster": {"id": "web"}, "line_items": lines}],
        }
        key = self.chance.choice(["c-1", "c-2"])
        self.set(("cockroachdb", "invoices", self.account(), "all", key), document)

    def focus(self) -> None:
        """Charges of a period, of which some are on an invoice and some aren't yet."""
        account, month = self.account(), self.chance.randint(8, 11)
        issued = self.chance.sample(["I-1", "I-2"], self.chance.randint(0, 2))
        start, end = f"2026-{month:02}-01T00:00:00Z", f"2026-{month + 1:02}-01T00:00:00Z"
        for invoice in ("I-1", "I-2", None):
            key = f"{invoice}-{month}" if invoice else f"A/{start}/{end}"
            document = FOCUS | {
                "InvoiceId": key if invoice else None,
                "BillingPeriodStart": start,
                "BillingPeriodEnd": end,
                "x_IsInvoiced": bool(issued),
                "x_Chunks": self.chance.sample(CHUNKS, self.chance.randint(0, 2)),
            }
            is_there = invoice in issued if invoice else self.chance.random() < 0.5
            place = ("focus", "invoices", account, "all", key)
            self.set(place, document if is_there else None)


def kept(work: WorkDatabase) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: sorted(work.connection.execute(f"FROM {name}").fetchall(), key=repr) for name in KEPT
    }


def found(work: WorkDatabase) -> list[tuple[str, list[str]]]:
    return [(each.name, sorted(map(repr, each.rows))) for each in work.findings]


@contextmanager
def work_databases(*names: str) -> Iterator[list[WorkDatabase]]:
    with TemporaryDirectory() as folder:
        databases = [WorkDatabase(Path(folder) / f"{name}.duckdb") for name in names]
        for each in databases:
            charges.create(each.connection)
            for number, chunk in enumerate(CHUNKS):
                each.connection.execute(
                    "INSERT INTO raw.charges BY NAME SELECT ? AS chunk, ? AS BilledCost",
                    [chunk, f"0.{number}75"],
                )
        try:
            yield databases
        finally:
            for each in databases:
                each.connection.close()


# Each example takes seconds: one that fails is told at once, as long as it is. `make histories`
# asks for more and longer ones.
@settings(max_examples=HISTORIES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.randoms(use_true_random=False))
def test_night_after_night_it_is_as_if_all_had_been_built_anew(chance: random.Random) -> None:
    with work_databases("changed", "anew") as (changed, anew):
        history = History(chance, [changed, anew])
        for _ in range(NIGHTS):
            history.next_night()
            changed.build(started_at=history.now)
            anew.build(started_at=history.now, everything=True)
            assert kept(changed) == kept(anew)
            assert found(changed) == found(anew)
        anew.build(started_at=history.now, as_of=history.now)
        assert kept(changed) == kept(anew)


def equal_otherwise(
    monkeypatch: pytest.MonkeyPatch,
    bounds: Mapping[str, int],
    *,
    seed: int,
    every: int,
    check: Callable[[WorkDatabase], None] = lambda _: None,
) -> None:
    """Twelve nights, of which some are built: as ever, and with other bounds of what is read at
    once, with which `check` asks something before."""
    with work_databases("usual", "other") as (usual, other):
        history = History(random.Random(seed), [usual, other])
        for night in range(12):
            history.next_night()
            if night % every == every - 1:
                usual.build(started_at=history.now)
                with monkeypatch.context() as patch:
                    for name, value in bounds.items():
                        patch.setattr(raw, name, value)
                    check(other)
                    other.build(started_at=history.now)
                assert kept(usual) == kept(other)
        assert len(usual.invoices()) > 5


def test_many_invoices_pass_through_views_to_the_same_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    equal_otherwise(monkeypatch, {"FEW": 0}, seed=2, every=4)


def test_much_is_built_one_by_one_to_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    equal_otherwise(monkeypatch, {"MUCH_BYTES": 0}, seed=4, every=6)


def test_long_documents_are_read_in_pieces_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def is_in_pieces(work: WorkDatabase) -> None:
        [table, *_] = tables = raw.raw_tables(work.connection, "raw")
        work.connection.execute("ATTACH ':memory:' AS scratch")
        longest = raw.sizes(work.connection, tables, everything=True)[table.name].longest
        read = table.of_changed(work.connection, longest=longest, everything=True)
        work.connection.execute("DETACH scratch")
        assert "UNION ALL" in read
        # Of the table itself, each piece would have to unpack the others' documents too.
        assert table.relation not in read

    bounds = {"LONG_BYTES": 1, "PIECE_BYTES": 1_000}
    equal_otherwise(monkeypatch, bounds, seed=1, every=6, check=is_in_pieces)


ADDED = {
    # Looks beyond an invoice: made whole.
    "marts/growth.sql": """-- One row per invoice: what its total is above the one before.
-- kept: whole
SELECT
    invoice_id, -- the invoice in fct_invoices
    total_cents - lag(total_cents) OVER (
        PARTITION BY vendor, account ORDER BY billing_period_start, invoice_id
    ) AS growth_cents -- null for the first
FROM marts.fct_invoices
""",
    # Looks at one invoice alone.
    "marts/line_counts.sql": """-- One row per invoice: its lines, and the versions it came in.
-- kept: by invoice
WITH lines AS (
    SELECT invoice_id, count(*) AS lines FROM marts.fct_invoice_lines GROUP BY invoice_id
),
versions AS (
    SELECT invoice_id, count(*) AS versions FROM intermediate.status_segments GROUP BY invoice_id
)
SELECT
    lines.invoice_id, -- the invoice in fct_invoices
    lines.lines, -- how many
    versions.versions -- how often it changed, and 1
FROM lines
LEFT JOIN versions ON lines.invoice_id = versions.invoice_id
""",
    "marts/large.sql": """-- One row per invoice of more than a dollar.
-- kept: view
SELECT invoice_id, total_cents FROM marts.fct_invoices WHERE total_cents > 100
""",
    # Made, and read by nobody.
    "intermediate/unread.sql": """-- One row per invoice that has versions.
-- kept: scratch
SELECT DISTINCT invoice_id FROM intermediate.status_segments
""",
}


def test_marts_that_are_added_are_on_later_nights_as_if_built_anew(tmp_path: Path) -> None:
    folder = shutil.copytree(TRANSFORMS, tmp_path / "transforms")
    for file, query in ADDED.items():
        (folder / file).write_text(query)
    marts = [f"marts.{Path(file).stem}" for file in ADDED if file.startswith("marts/")]
    with work_databases("changed", "anew") as (changed, anew):
        history = History(random.Random(3), [changed, anew])
        seen = set()
        for _ in range(5):
            history.next_night()
            changed.build(started_at=history.now, folder=folder)
            anew.build(started_at=history.now, folder=folder, everything=True)
            for mart in marts:
                rows = [sorted(map(repr, each.rows(f"FROM {mart}"))) for each in (changed, anew)]
                assert rows[0] == rows[1]
                seen.add((mart, len(rows[0])))
        assert {mart for mart, count in seen if count} == set(marts)


def built(report: BuildResult) -> dict[str, int]:
    return {each.name: each.rows for each in report.models if each.rows}


def test_only_invoices_that_changed_are_built(work: WorkDatabase) -> None:
    for number in range(5):
        work.add("mongodb", MONGODB, key=str(number))
    assert built(work.build())["marts.fct_invoices"] == 5
    assert "marts.fct_invoices" not in built(work.build())
    work.add("mongodb", MONGODB, key="5")
    rows = built(work.build())
    assert rows["marts.fct_invoices"] == 1
    assert rows["marts.fct_invoice_lines"] == 2
    assert len(work.invoices()) == 6


@pytest.mark.parametrize("few", [0, raw.FEW])
def test_charges_without_an_invoice_remember_those_that_left_the_files(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(raw, "FEW", few)
    charge = FOCUS | {"InvoiceId": None, "x_IsInvoiced": False}
    nights = [NIGHT + timedelta(days=200 + number) for number in range(3)]
    with work_databases("changed", "anew") as databases:
        for each in databases:
            each.add("focus", FOCUS, key="I-1", valid_from=nights[0])
            each.add("focus", charge | {"x_IsInvoiced": True}, key="A", valid_from=nights[0])
            each.build(started_at=nights[0])
            for key in ("I-1", "A"):
                each.close("focus", key=key, valid_to=nights[1])
            each.build(started_at=nights[1])
            # The invoice isn't read tonight: nothing of it has changed.
            each.add("focus", charge, key="A", valid_from=nights[2])
        changed, anew = databases
        changed.build(started_at=nights[2])
        anew.build(started_at=nights[2], everything=True)
        assert kept(changed) == kept(anew)
        assert [(each["invoice_number"], each["payment_status"]) for each in anew.invoices()] == [
            ("I-1", "unknown"),
            (None, "upcoming"),
        ]


def test_what_came_due_is_built_by_the_clock_alone(work: WorkDatabase) -> None:
    unpaid = TURSO | {"due_date": "2026-11-20", "paid_at": None, "payment_failed_at": None}
    work.add("turso", unpaid, listing="issued")
    statuses = []
    for day in (0, 10, 20, 30):
        work.build(started_at=NIGHT + timedelta(days=day))
        statuses += [each["payment_status"] for each in work.invoices()]
    assert statuses == ["open", "open", "past_due", "past_due"]


def test_what_ends_at_the_same_moment_is_noticed(work: WorkDatabase) -> None:
    for listing in ("2024-03", "2024-04"):
        work.add("versori", VERSORI, listing=listing, key="2024-03-01/2024-04-01")
    work.build()
    for listing in ("2024-03", "2024-04"):
        work.close("versori", listing=listing, key="2024-03-01/2024-04-01", valid_to=NIGHT + MONTH)
    work.build()
    assert [each["delisted_at"] for each in work.invoices()] == [NIGHT + MONTH]


def test_the_machine_s_clock_plays_no_part(work: WorkDatabase) -> None:
    work.connection.execute("SET GLOBAL TimeZone = 'America/New_York'")
    march = {
        "billing_period_start": "2026-03-01T00:00:00Z",
        "billing_period_end": "2026-03-31T23:59:59Z",
    }
    work.add("planetscale", PLANETSCALE | {"total": "1.00"} | march)
    work.build()
    assert [each["billing_period_end"] for each in work.invoices()] == [
        datetime(2026, 4, 1, tzinfo=UTC)
    ]


def test_other_rules_build_everything_anew(work: WorkDatabase, tmp_path: Path) -> None:
    work.add("mongodb", MONGODB)
    work.build()
    folder = shutil.copytree(TRANSFORMS, tmp_path / "transforms")
    mart = folder / "marts" / "fct_invoices.sql"
    mart.write_text(mart.read_text().replace("vendor_status, --", "'?' AS vendor_status, --"))
    assert built(work.build(folder=folder))["marts.fct_invoices"] == 1
    assert work.invoices()[0]["vendor_status"] == "?"
