"""Keys, hashes and tables of documents."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.keys import Key, UniqueKeys, id_key, period_key, scalar
from sources.listing import SCHEMA, ListingTable, version_hash

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

    def test_a_made_key_that_repeats_is_another_invoice(self) -> None:
        keys = UniqueKeys()
        made = [keys.assign(Key(text, made=True)) for text in ("?", "s/e", "?", "?", "s/e")]
        assert made == ["?", "s/e", "?#2", "?#3", "s/e#2"]

    def test_an_id_that_looks_like_a_made_key_displaces_nothing(self) -> None:
        keys = UniqueKeys()
        assert [keys.assign(Key("?", made=True)), keys.assign(Key("?"))] == ["?", "?#2"]
        assert keys.assign(Key("?#2", made=True)) == "?#2#2"

    @given(st.lists(st.tuples(st.sampled_from(["a", "?", "?#2", "a#2"]), st.booleans())))
    def test_no_made_key_is_given_twice(self, asked: list[tuple[str, bool]]) -> None:
        keys = UniqueKeys()
        given_keys = [(keys.assign(Key(text, made=made)), made) for text, made in asked]
        made_keys = [text for text, made in given_keys if made]
        assert len(made_keys) == len(set(made_keys))
        assert not set(made_keys) & {text for text, made in given_keys if not made}

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

    def test_of_a_period_as_it_is_written(self) -> None:
        document = b'{"period":{"start":1655823815.0,"end":1.6e9}}'
        start, end = scalar(document, "period", "start"), scalar(document, "period", "end")
        assert period_key(start, end) == Key("1655823815.0/1.6e9", made=True)
        assert period_key(start, None) == Key("?", made=True)
        assert scalar(b'{"period":null}', "period", "start") is None


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
