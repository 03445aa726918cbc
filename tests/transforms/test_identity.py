"""An invoice outlives its key: which documents are those of one invoice, and which are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.transforms.work_database import NIGHT, WorkDatabase

BEFORE = NIGHT - timedelta(days=30)
AFTER = NIGHT - timedelta(days=10)
JULY = {"start": 1782864000, "end": 1785542400}
OLD_KEY = "1782864000/1785542400"
ID = "AB12CD34-0007"


def cents(total: int = 5000, **more: Any) -> dict[str, Any]:
    """Northflank's contract without ids."""
    return {"period": JULY, "total": total, "paid": True} | more


def decimals(identifier: str = ID, total: float = 50.0, **more: Any) -> dict[str, Any]:
    """Its current contract."""
    status = {"id": identifier, "currency": "usd", "status": "paid"}
    return status | {"period": JULY, "total": total} | more


def facts(work: WorkDatabase, account: str) -> list[tuple[Any, ...]]:
    return work.connection.execute(
        "SELECT invoice_id, total_cents, delisted_at FROM marts.fct_invoices"
        " WHERE account = ? ORDER BY ALL",
        [account],
    ).fetchall()


def ids(work: WorkDatabase, account: str, *keys: str, vendor: str = "northflank") -> list[str]:
    rows = [
        work.connection.execute("SELECT stable_id(?, ?, ?)", [vendor, account, key]).fetchone()
        for key in keys
    ]
    return [row[0] for row in rows if row]


def replaced(
    work: WorkDatabase,
    account: str,
    old: dict[str, dict[str, Any]],
    new: dict[str, dict[str, Any]],
    came: datetime = AFTER,
) -> None:
    for key, document in old.items():
        work.add(
            "northflank", document, key=key, account=account, valid_from=BEFORE, valid_to=AFTER
        )
    for key, document in new.items():
        work.add("northflank", document, key=key, account=account, valid_from=came)


@pytest.fixture
def possible(work: WorkDatabase) -> Any:
    def names(*, within_accounts: bool = True) -> set[str]:
        return {
            account
            for finding in work.findings
            if finding.name == "possibly_same_invoice"
            for row in finding.rows
            for account in (row[1], row[4])
            if row[1] == row[4] or not within_accounts
        }

    return names


def test_a_key_that_is_spelled_otherwise(work: WorkDatabase) -> None:
    """Also where the amount changed in the same night: the period is the key."""
    old, new = "1782864000.0/1785542400.0", OLD_KEY
    replaced(work, "same", {old: cents()}, {new: cents()})
    replaced(work, "corrected", {old: cents()}, {new: cents(6000)})
    replaced(
        work,
        "ordinals",
        {old: cents(), f"{old}#2": cents(-5000)},
        {new: cents(), f"{new}#2": cents(-5000), f"{new}#3": cents(4000)},
    )
    assert not work.build().has_errors
    assert facts(work, "same") == [(*ids(work, "same", old), 5000, None)]
    assert facts(work, "corrected") == [(*ids(work, "corrected", old), 6000, None)]
    assert sorted(facts(work, "ordinals")) == sorted(
        [
            (*ids(work, "ordinals", old), 5000, None),
            (*ids(work, "ordinals", f"{old}#2"), -5000, None),
            (*ids(work, "ordinals", f"{new}#3"), 4000, None),
        ]
    )
    changes = work.rows("FROM marts.invoice_changes")
    assert [change["kind"] for change in changes] == ["amount_corrected"]


def test_one_that_gets_an_id_is_the_same_invoice(work: WorkDatabase, possible: Any) -> None:
    replaced(work, "moved", {OLD_KEY: cents()}, {ID: decimals()})
    # An assumed currency matches a stated one, and minor units are compared: 5000 yen are 5000.
    replaced(work, "yen", {OLD_KEY: cents()}, {ID: decimals(currency="jpy", total=5000)})
    replaced(work, "later", {OLD_KEY: cents()}, {ID: decimals()}, came=NIGHT - timedelta(days=3))
    third = decimals("X-1")
    replaced(work, "again", {OLD_KEY: cents()}, {"X-1": third})
    work.add(
        "northflank",
        decimals(),
        key=ID,
        account="again",
        valid_from=NIGHT - timedelta(days=5),
    )
    work.close("northflank", key="X-1", account="again", valid_to=NIGHT - timedelta(days=5))
    assert not work.build().has_errors
    for account, total in (("moved", 5000), ("yen", 5000), ("later", 5000), ("again", 5000)):
        assert facts(work, account) == [(*ids(work, account, OLD_KEY), total, None)]
    assert possible() == set()
    kinds = work.rows("SELECT kind, count(*) AS n FROM marts.invoice_changes GROUP BY ALL")
    # Where it was away for a week, it was.
    assert {row["kind"]: row["n"] for row in kinds} == {"delisted": 1, "relisted": 1}
    history = work.rows("SELECT DISTINCT invoice_id FROM marts.fct_payment_status_history")
    assert len(history) == 4


@pytest.mark.parametrize(
    "new",
    [
        decimals(total=50.01),
        decimals(period={"start": 1782864000, "end": 1785628800}),
    ],
)
def test_what_differs_is_another_invoice(
    work: WorkDatabase, possible: Any, new: dict[str, Any]
) -> None:
    replaced(work, "other", {OLD_KEY: cents()}, {ID: new})
    assert not work.build().has_errors
    assert len(facts(work, "other")) == 2
    assert possible() == set()


def test_a_stated_currency_tells_them_apart(work: WorkDatabase) -> None:
    replaced(work, "other", {"1": decimals("1")}, {"2": decimals("2", currency="eur")})
    replaced(work, "listed", {}, {"1": decimals("1"), "2": decimals("2")})
    assert not work.build().has_errors
    assert len(facts(work, "other")) == len(facts(work, "listed")) == 2


def test_where_more_than_one_pair_fits_none_is_made_and_it_is_told(
    work: WorkDatabase, possible: Any
) -> None:
    replaced(
        work,
        "twins",
        {OLD_KEY: cents(), f"{OLD_KEY}#2": cents()},
        {"1": decimals("1"), "2": decimals("2")},
    )
    replaced(work, "one", {OLD_KEY: cents(), f"{OLD_KEY}#2": cents()}, {"1": decimals("1")})
    assert not work.build().has_errors
    assert (len(facts(work, "twins")), len(facts(work, "one"))) == (4, 3)
    assert possible() == {"twins", "one"}


def test_an_invoice_in_two_accounts_is_told(work: WorkDatabase, possible: Any) -> None:
    for account in ("old", "new"):
        work.add("northflank", decimals(), key=ID, account=account)
    for account in ("first", "second"):
        work.add("northflank", cents(), key=OLD_KEY, account=account)
    work.add("northflank", cents(0), key=OLD_KEY, account="free")
    work.add("northflank", cents(0), key=OLD_KEY, account="gratis")
    work.build()
    assert possible(within_accounts=False) == {"old", "new", "first", "second"}


def test_an_invoice_that_comes_back_is_itself_again(work: WorkDatabase) -> None:
    replaced(work, "back", {OLD_KEY: cents()}, {ID: decimals()})
    work.add("northflank", cents(), key=OLD_KEY, account="back", valid_from=NIGHT)
    assert not work.build().has_errors
    assert len(facts(work, "back")) == 2


def versori(total: int, month: int = 9) -> dict[str, Any]:
    return {
        "invoiceStartDate": f"2026-{month:02}-01",
        "invoiceEndDate": f"2026-{month:02}-28",
        "totalAmount": {"integral": total, "fractional": 0, "currencyCode": "GBP"},
    }


MONTH = "2026-09-01/2026-09-28"


@pytest.mark.parametrize("listed", ["upcoming", "upcoming#2"])
@pytest.mark.parametrize(("billed", "left"), [(10, 20), (20, 10), (21, 10), (10, 22), (11, 22)])
def test_two_upcoming_ones_of_which_one_is_issued(
    work: WorkDatabase, billed: int, left: int, listed: str
) -> None:
    for key, total in (("upcoming", 10), ("upcoming#2", 20)):
        work.add(
            "versori",
            versori(total),
            listing="upcoming",
            key=key,
            valid_from=BEFORE,
            valid_to=AFTER,
        )
    work.add("versori", versori(left), listing="upcoming", key=listed, valid_from=AFTER)
    work.add("versori", versori(billed), listing="2026-09", key=MONTH, valid_from=AFTER)
    assert not work.build().has_errors
    assert [(row[1], row[2]) for row in sorted(facts(work, "acme"), key=lambda row: row[1])] == [
        (total * 100, None) for total in sorted((billed, left))
    ]
    issued = ids(work, "acme", MONTH, vendor="versori")
    assert work.rows(
        f"SELECT payment_status FROM marts.fct_invoices WHERE invoice_id IN ('{issued[0]}')"
    ) == [{"payment_status": "unknown"}]


@pytest.mark.parametrize(
    ("preview", "is_listed_still"), [("uuid-9", False), ("preview-9", False), ("preview-9", True)]
)
def test_an_upcoming_one_with_an_id_is_the_issued_one_of_its_period(
    work: WorkDatabase, preview: str, is_listed_still: bool
) -> None:
    """Whether it keeps its id or not, and also while it is listed as both."""

    def add(listing: str, key: str, amount: str, since: datetime, period: str = "2026-09") -> None:
        identifier = preview if key == "upcoming" else key
        document = {"invoice_uuid": identifier, "amount": amount, "invoice_period": period}
        work.add("digitalocean", document, listing=listing, key=key, valid_from=since)

    add("upcoming", "upcoming", "5.00", BEFORE)
    add("issued", "uuid-8", "1.00", BEFORE, "2026-08")
    assert not work.build(BEFORE).has_errors
    assert sorted(row[1] for row in facts(work, "acme")) == [100, 500]
    work.close("digitalocean", listing="upcoming", key="upcoming", valid_to=AFTER)
    if is_listed_still:
        add("upcoming", "upcoming", "6.00", AFTER)
    add("issued", "uuid-9", "7.00", AFTER)
    assert not work.build().has_errors
    assert sorted(row[1] for row in facts(work, "acme")) == [100, 700]
    history = work.rows(
        "SELECT payment_status, total_cents FROM marts.fct_payment_status_history"
        " SEMI JOIN marts.fct_invoices USING (invoice_id)"
        " WHERE total_cents > 100 ORDER BY valid_from"
    )
    assert [tuple(row.values()) for row in history] == [("upcoming", 500), ("unknown", 700)]


def test_documents_without_a_key_are_rejected_each_by_itself(work: WorkDatabase) -> None:
    for listing in ("2026-08", "2026-09"):
        for key in ("?", "?#2"):
            work.add(
                "versori", {"totalAmount": versori(1)["totalAmount"]}, listing=listing, key=key
            )
    assert not work.build().has_errors
    rejected = work.rows("SELECT listing, document_key FROM marts.rejected_documents ORDER BY ALL")
    assert len(rejected) == 4


def test_what_was_built_night_by_night_is_what_is_built_at_once(
    work: WorkDatabase, tmp_path: Path
) -> None:
    """The key that went is not read again but for the one that came."""
    work.add("northflank", cents(), key=OLD_KEY, valid_from=BEFORE)
    work.add("northflank", decimals("other", total=1), key="other", valid_from=BEFORE)
    work.build(started_at=BEFORE)
    work.close("northflank", key=OLD_KEY, valid_to=AFTER)
    work.build(started_at=AFTER)
    assert len(facts(work, "acme")) == 2
    work.add("northflank", decimals(), key=ID, valid_from=NIGHT)
    work.build()
    stepwise = facts(work, "acme")
    work.build(everything=True)
    assert facts(work, "acme") == stepwise
    assert len(stepwise) == 2
    assert (*ids(work, "acme", OLD_KEY), 5000, None) in stepwise
    late = datetime(2026, 12, 1, tzinfo=UTC)
    work.close("northflank", key=ID, valid_to=late)
    work.add("northflank", cents(), key=OLD_KEY, valid_from=late)
    work.build(started_at=late)
    stepwise = facts(work, "acme")
    work.build(started_at=late, everything=True)
    assert facts(work, "acme") == stepwise


@pytest.mark.parametrize("first", ["id", "period"])
def test_a_contract_that_goes_back_and_forth(work: WorkDatabase, first: str) -> None:
    """With an id, without, and with the same again: one bill all the while."""
    by_id, by_period = (ID, decimals()), (OLD_KEY, cents())
    kept, other = (by_id, by_period) if first == "id" else (by_period, by_id)
    again = AFTER + timedelta(days=3)
    for (key, document), since, until in (
        (kept, BEFORE, AFTER),
        (other, AFTER, again),
        (kept, again, None),
    ):
        work.add("northflank", document, key=key, account="back", valid_from=since, valid_to=until)
    work.build()
    assert facts(work, "back") == [(*ids(work, "back", kept[0]), 5000, None)]


def test_two_bills_that_were_listed_together_are_two(work: WorkDatabase, possible: Any) -> None:
    """Nobody can tell whether the one without an id was the other, so that a warning says so."""
    again = AFTER + timedelta(days=3)
    for key, document, since, until in (
        (OLD_KEY, cents(), BEFORE, again),
        (ID, decimals(), AFTER, None),
    ):
        work.add("northflank", document, key=key, account="both", valid_from=since, valid_to=until)
    work.build()
    assert [row[1] for row in facts(work, "both")] == [5000, 5000]
    assert "both" in possible()


@pytest.mark.parametrize("unread_first", [True, False])
def test_a_period_that_nobody_can_read_is_that_of_its_key(
    work: WorkDatabase, unread_first: bool
) -> None:
    """The vendor spells the same period otherwise, and only the maker of keys understands it."""
    read, unread = cents(), cents(6000) | {"period": {"start": "July?", "end": "August?"}}
    first, then = (unread, read) if unread_first else (read, unread)
    work.add("northflank", first, key=OLD_KEY, account="odd", valid_from=BEFORE, valid_to=AFTER)
    work.add("northflank", then, key=OLD_KEY, account="odd", valid_from=AFTER)
    work.build()
    total = 5000 if unread_first else 6000
    assert facts(work, "odd") == [(*ids(work, "odd", OLD_KEY), total, None)]
    assert not [each for each in work.findings if each.severity == "error"]


def test_what_went_in_two_steps_is_gone_with_what_could_be_read(work: WorkDatabase) -> None:
    """Issued and upcoming at once; the upcoming one, which can't be read, is listed for longer."""
    issued = {"invoice_number": "A", "amount_due": "1.00", "due_date": "2026-08-01T00:00:00Z"}
    for listing, document, until in (
        ("issued", issued, AFTER),
        ("upcoming", issued | {"amount_due": None}, AFTER + timedelta(days=3)),
    ):
        work.add(
            "turso",
            document,
            key="A",
            account="steps",
            listing=listing,
            valid_from=BEFORE,
            valid_to=until,
        )
    work.build()
    assert facts(work, "steps") == [(*ids(work, "steps", "A", vendor="turso"), 100, AFTER)]
