"""Keys, hashes and tables of documents."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.extract.listing import SCHEMA, ListingTable, listing_key, version_hash
from sources.keys import Key, canonical_base, id_key, number, period_key, scalar

VOLATILE = frozenset({"links"})


def rows(table: pa.Table) -> list[tuple[str, str]]:
    return [(row["document_key"], row["document"]) for row in table.to_pylist()]


def listed(*documents: str) -> pa.Table:
    gathered = ListingTable("mongodb", "acme", "all", VOLATILE)
    gathered.add(
        (id_key(msgspec.Raw(text.encode())), msgspec.Raw(text.encode())) for text in documents
    )
    return gathered.table()


class TestKeys:
    def test_an_id_that_repeats_is_the_same_invoice_and_the_last_one_counts(self) -> None:
        table = listed('{"id":"a","n":1}', '{"id":"b"}', '{"id":"a","n":2}')
        assert rows(table) == [("b", '{"id":"b"}'), ("a", '{"id":"a","n":2}')]

    def test_also_over_pages(self) -> None:
        gathered = ListingTable("mongodb", "acme", "all")
        for text in (b'{"id":"a","n":1}', b'{"id":"a","n":2}'):
            gathered.add([(Key("a"), msgspec.Raw(text))])
        assert rows(gathered.table()) == [("a", '{"id":"a","n":2}')]
        assert gathered.documents == 1

    @pytest.mark.parametrize(
        ("document", "key"),
        [
            ('{"id":"x"}', Key("x")),
            ('{"id": 12.50}', Key("12.50")),
            ('{"id":"\\u00e4/\\n"}', Key("ä/\n")),
            ('{"id":""}', Key("?", made=True)),
            ('{"id":null}', Key("?", made=True)),
            ('{"id":{}}', Key("?", made=True)),
            ("{}", Key("?", made=True)),
            ("[1]", Key("?", made=True)),
            ("null", Key("?", made=True)),
        ],
    )
    def test_of_an_id(self, document: str, key: Key) -> None:
        assert id_key(document.encode()) == key

    @pytest.mark.parametrize(
        ("start", "end", "key"),
        [
            ("1655823815", "1655910214", "1655823815/1655910214"),
            ("1655823815.0", "1.6559102140e9", "1655823815/1655910214"),
            ("1655823815.50", "0", "1655823815.5/0"),
            ("2026-10-01", "2026-10-31", "2026-10-01/2026-10-31"),
            ("2026-10-01T00:00:00.000Z", "2026-10-31T00:00:00+00:00", "2026-10-01/2026-10-31"),
            ("2026-10-01T02:00:00+02:00", " 2026-10-31 ", "2026-10-01/2026-10-31"),
            (
                "2026-10-01T00:00:00",
                "2026-10-31T23:59:59.000000Z",
                "2026-10-01/2026-10-31T23:59:59Z",
            ),
            ("soon", "1e999", "soon/1e999"),
            ("0001-01-01T00:00:00+02:00", "x", "0001-01-01T00:00:00+02:00/x"),
        ],
    )
    def test_of_a_period_whatever_its_spelling(self, start: str, end: str, key: str) -> None:
        assert period_key(start, end) == Key(key, made=True)

    def test_half_a_period_identifies_nothing(self) -> None:
        assert period_key("2026-10-01", None) == Key("?", made=True)
        assert scalar(b'{"period":null}', "period", "start") is None

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(0, 3))
    def test_a_number_has_one_spelling(self, value: Decimal, zeros: int) -> None:
        spellings = [f"{value:f}", f"{value:f}{'0' * zeros}", f"{value:e}"]
        read = {number(f'{{"n":{text}}}'.encode(), "n") for text in spellings}
        assert len(read) == 1

    def test_the_ordinal_of_a_key(self) -> None:
        assert canonical_base("2026-10-01T00:00:00Z/2026-10-31#3") == ("2026-10-01/2026-10-31", 3)
        assert canonical_base("upcoming") == ("upcoming", 1)
        assert canonical_base("#x") == ("#x", 1)

    def test_the_listing_of_no_two_accounts_has_one_key(self) -> None:
        assert listing_key("acme", "1inv7") != listing_key("acme1", "inv7")


class TestVersionHash:
    def test_recipe(self) -> None:
        head = '["turso","a\\"b","issued","ä"]'.encode()
        document = b'{ "total" : 10.10, "invoice_pdf":"https://one", "note": [1, 2] }'
        lasting = b'{"total":10.10,"note":[1, 2]}'
        told = version_hash("turso", 'a"b', "issued", "ä", document, frozenset({"invoice_pdf"}))
        assert told == hashlib.sha256(head + b"\n" + lasting).hexdigest()

    def test_recipe_without_volatile_fields(self) -> None:
        expected = hashlib.sha256(b'["northflank","a","all","k"]\n{ "a" : 1 }').hexdigest()
        assert version_hash("northflank", "a", "all", "k", b'{ "a" : 1 }') == expected

    def test_what_is_no_object_counts_as_it_is(self) -> None:
        expected = hashlib.sha256(b'["mongodb","a","all","?"]\n"text"').hexdigest()
        assert version_hash("mongodb", "a", "all", "?", b'"text"', VOLATILE) == expected

    def test_only_the_top_level_is_volatile(self) -> None:
        def of(document: str) -> str:
            return version_hash("mongodb", "a", "all", "k", document.encode(), VOLATILE)

        assert of('{"id":1,"links":[1]}') == of('{"id":1,"links":[2]}') == of('{"id":1}')
        assert of('{"id":1,"deep":{"links":[1]}}') != of('{"id":1,"deep":{"links":[2]}}')


class TestTable:
    def test_schema(self) -> None:
        table = listed('{"id":"a"}')
        assert table.schema == SCHEMA
        assert not any(field.nullable for field in table.schema)

    def test_an_empty_listing_is_one_row(self) -> None:
        table = listed()
        (row,) = table.to_pylist()
        expected = hashlib.sha256(b'["mongodb","acme","all",""]\nnull').hexdigest()
        assert (row["document_key"], row["document"]) == ("", "null")
        assert row["version_hash"] == expected

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )

    @given(st.lists(json_values, max_size=6), st.sampled_from([None, 1]), st.booleans())
    def test_documents_stay_verbatim(
        self, documents: list[object], indent: int | None, ascii_only: bool
    ) -> None:
        texts = [json.dumps(each, indent=indent, ensure_ascii=ascii_only) for each in documents]
        envelope = '{ "results" : [ ' + " ,\n".join(texts) + " ] }"
        split = msgspec.json.decode(envelope.encode(), type=dict[str, list[msgspec.Raw]])["results"]
        gathered = ListingTable("mongodb", "acme", "all", VOLATILE)
        gathered.add((Key("?", made=True), raw) for raw in split)
        if texts:
            assert [text for _, text in rows(gathered.table())] == texts
