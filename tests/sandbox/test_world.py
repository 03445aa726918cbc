from __future__ import annotations

import pytest

from sandbox.model import Invoice
from sandbox.money import rounded
from sandbox.registry import VENDORS
from sandbox.world import World

NOW = "2026-03-17T12:00:00Z"


def everything(world: World) -> dict[tuple[str, str], Invoice]:
    """All invoices by account and key, those no longer listed included."""
    return {
        (account.name, invoice.key): invoice
        for vendor in VENDORS
        for account in world.accounts(vendor)
        for invoice in world.invoices(vendor, account, delisted=True)
    }


def test_the_same_seed_gives_the_same_world() -> None:
    first, second = (World(seed=3, now=NOW, months=6) for _ in range(2))
    assert everything(first) == everything(second)
    assert everything(first) != everything(World(seed=4, now=NOW, months=6))


def test_the_way_to_a_time_does_not_matter() -> None:
    moved = World(seed=3, now="2025-12-17T12:00:00Z", start="2025-06-01")
    moved.advance(3)
    assert everything(moved) == everything(World(seed=3, now=NOW, start="2025-06-01"))


def changes(old: Invoice, new: Invoice) -> set[str]:
    """What happened to an issued invoice."""
    happened = {
        "paid": not old.paid_at and new.paid_at,
        "failed": not old.payment_failed_at and new.payment_failed_at,
        "corrected": old.total != new.total,
        "delisted": old.listed and not new.listed,
        "refunded": not old.refunds and new.refunds,
    }
    return {name for name, did in happened.items() if did}


def test_each_month_brings_new_invoices_and_changes_few() -> None:
    world = World(seed=3, now=NOW)
    happened: set[str] = set()
    for _ in range(6):
        before = everything(world)
        world.advance()
        after = everything(world)
        assert len(after) > len(before)
        issued = [key for key, invoice in before.items() if not invoice.upcoming]
        assert all(key in after for key in issued)
        assert sum(before[key] == after[key] for key in issued) > len(issued) * 0.8
        happened = happened.union(*(changes(before[key], after[key]) for key in issued))
    assert happened == {"paid", "failed", "corrected", "delisted", "refunded"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_keys_are_unique_and_periods_run_forward(vendor: str) -> None:
    world = World(seed=3, now=NOW, accounts=12)
    assert len({account.name for account in world.accounts(vendor)}) == 12
    for account in world.accounts(vendor):
        invoices = world.invoices(vendor, account.name)
        assert len({each.key for each in invoices}) == len(invoices)
        for each in invoices:
            assert each.total == rounded(each.amounts.total)
            if each.period_start is not None:
                start, end = each.period
                assert start < end
                assert each.upcoming == (end > world.now)


def test_accounts_are_as_many_as_asked_for() -> None:
    assert all(len(World(accounts=1).accounts(vendor)) == 1 for vendor in VENDORS)
    assert all(len(World(accounts=0).accounts(vendor)) == 0 for vendor in VENDORS)
