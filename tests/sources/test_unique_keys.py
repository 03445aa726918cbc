"""Documents that have one made key: which of them is which, from listing to listing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.extract.listing import ListingTable
from sources.extract.unique_keys import HeldKey, MadeKeys
from sources.keys import Key

PERIOD = "2026-10-01/2026-10-31"


def held(*amounts: str, listed: bool = True, base: str = PERIOD) -> list[HeldKey]:
    return [
        HeldKey(base if number == 1 else f"{base}#{number}", amount, listed)
        for number, amount in enumerate(amounts, start=1)
    ]


def assigned(*amounts: str, before: list[HeldKey], base: str = PERIOD) -> list[str]:
    """The ordinals that the documents get."""
    keys = MadeKeys(before).assign(base, amounts, ())
    return [key.removeprefix(base).removeprefix("#") or "1" for key in keys]


@pytest.mark.parametrize(
    ("before", "now", "ordinals"),
    [
        ([], ["100", "80"], ["1", "2"]),
        (["100"], ["80", "-100", "100"], ["2", "3", "1"]),
        (["100", "-100", "80"], ["80", "100", "-100"], ["3", "1", "2"]),
        (["100", "80"], ["80"], ["2"]),
        (["100"], ["120"], ["1"]),
        (["100", "80"], ["90", "100"], ["2", "1"]),
        (["100", "80"], ["110", "90"], ["1", "2"]),
        (["5", "5"], ["5", "5", "5"], ["1", "2", "3"]),
    ],
)
def test_each_keeps_the_key_that_it_is_held_under(
    before: list[str], now: list[str], ordinals: list[str]
) -> None:
    assert assigned(*now, before=held(*before)) == ordinals


def test_one_that_is_gone_gives_its_key_to_no_other() -> None:
    gone = held("100", "80", listed=False)
    assert assigned("7", before=gone) == ["3"]
    assert assigned("80", before=gone) == ["2"]


def test_the_only_one_of_a_period_that_comes_back_is_the_same() -> None:
    assert assigned("90", before=held("100", listed=False)) == ["1"]


def test_the_key_that_an_older_warehouse_spells_otherwise_counts() -> None:
    old = "2026-10-01T00:00:00Z/2026-10-31T00:00:00Z"
    assert assigned("80", "100", before=held("100", base=old)) == ["2", "1"]


def test_listings_of_one_account_share_their_invoices() -> None:
    """Months overlap at their ends, and each may list an invoice in its own order."""
    keys = MadeKeys()
    first = keys.assign(PERIOD, ["100", "-100", "80"], ())
    assert keys.assign(PERIOD, ["80", "-100", "100"], ()) == first[::-1]
    assert keys.assign(PERIOD, ["-100"], ()) == [first[1]]


def test_what_accrues_has_the_lowest_numbers() -> None:
    before = held("10", "20", base="upcoming")
    assert assigned("11", before=before, base="upcoming") == ["1"]
    assert assigned("20", before=before, base="upcoming") == ["2"]
    assert assigned("3", "20", "4", before=before, base="upcoming") == ["1", "2", "3"]


def test_documents_without_a_key_are_numbered_as_they_come() -> None:
    assert assigned("1", "1", before=held("1", base="?"), base="?") == ["1", "2"]


def test_an_id_that_looks_like_a_made_key_displaces_nothing() -> None:
    gathered = ListingTable("turso", "acme", "upcoming")
    raw = msgspec.Raw(b"{}")
    gathered.add([(Key("upcoming", made=True), raw), (Key("upcoming"), raw)])
    gathered.add([(Key("upcoming", made=True), raw), (Key("upcoming#3"), raw)])
    keys = gathered.table().column("document_key").to_pylist()
    assert keys == ["upcoming", "upcoming#3", "upcoming#2", "upcoming#4"]


amounts = st.lists(st.sampled_from(["1", "2", "3", None]), max_size=6)


@given(amounts, amounts, st.permutations(range(6)))
def test_no_key_is_given_twice_and_the_order_decides_nothing(
    before: list[str | None], now: list[str | None], order: list[int]
) -> None:
    known = [
        HeldKey(key, amount, True)
        for key, amount in zip(MadeKeys().assign(PERIOD, before, ()), before, strict=True)
    ]
    keys = MadeKeys(known).assign(PERIOD, now, ())
    assert len(set(keys)) == len(now)
    # Whoever was held under an amount that is still there is so once more.
    kept = {
        each.text
        for each in known
        if each.amount and before.count(each.amount) <= now.count(each.amount)
    }
    assert kept <= set(keys)
    shuffled = [now[place] for place in order if place < len(now)]
    again = MadeKeys(known).assign(PERIOD, shuffled, ())
    unchanged = {each.text: each.amount for each in known if each.text in kept}
    for found, listed in ((keys, now), (again, shuffled)):
        assert unchanged.items() <= dict(zip(found, listed, strict=True)).items()
