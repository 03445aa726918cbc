"""Fields that may never be kept are in no table, and in no hash."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sources.extract.cutting import cut
from sources.extract.listing import ListingTable
from sources.keys import Key

names = st.sampled_from(["id", "password", "user", "address"])
documents: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(names, inside, max_size=4),
    max_leaves=12,
)


def without(value: Any, path: list[str]) -> Any:
    """The same, said of Python's own values."""
    if isinstance(value, list):
        return [without(each, path) for each in value]
    if not isinstance(value, dict):
        return value
    if len(path) == 1:
        return {name: each for name, each in value.items() if name != path[0]}
    return {
        name: without(each, path[1:]) if name == path[0] else each for name, each in value.items()
    }


@given(documents)
def test_nothing_else_is_cut(document: Any) -> None:
    left = json.loads(cut(json.dumps(document).encode(), frozenset({"password", "user.address"})))
    assert left == without(without(document, ["password"]), ["user", "address"])


def test_the_rest_has_the_bytes_that_came() -> None:
    document = b'{ "total" : 10.10, "p\\u0061ssword":"secret", "items": [ {"password": 1} ] }'
    assert cut(document, frozenset({"password"})) == b'{"total":10.10,"items":[ {"password": 1} ]}'
    assert cut(document, frozenset({"items.password"})).endswith(b'"secret","items":[{}]}')


def test_a_name_that_repeats_is_cut_each_time() -> None:
    assert cut(b'{"password":"a","id":1,"password":"b"}', frozenset({"password"})) == b'{"id":1}'


def test_a_document_without_such_fields_is_kept_as_it_came() -> None:
    document = b'{ "total" : 10.10, "user": { "name" : "x" }, "items": [ 1 ] }'
    assert cut(document, frozenset({"password", "user.address", "items.key"})) == document


def test_what_is_cut_makes_no_version() -> None:
    def table(secret: str) -> list[dict[str, Any]]:
        listing = ListingTable("acme", "main", "all", never_kept=frozenset({"cookie"}))
        raw = msgspec.Raw(json.dumps({"id": "a", "cookie": secret}).encode())
        listing.add([(Key("a"), raw), (Key("2026-01", made=True), raw)])
        rows: list[dict[str, Any]] = listing.table().to_pylist()
        return rows

    assert table("one") == table("two")
    assert "cookie" not in json.dumps(table("one"))
