"""Documents: whatever the engine does with JSON numbers, each is read as the vendor wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.transform import project


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
).map(Number)
# Half of them made of what could pass for a number, for structure, or for a mark of ours.
texts = st.text(max_size=8) | st.text('":,[]{}\\ 0123456789eE.-\x00\x01\n/', max_size=40)
values = st.recursive(
    numbers | texts | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
LONG = Number("12345678901234567.89")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        for statements in project.macros():
            opened.execute(statements)
        yield opened


def written(value: Any, *, ascii_only: bool) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[ " + ", ".join(written(each, ascii_only=ascii_only) for each in value) + "]"
    if isinstance(value, dict):
        members = (
            f"{json.dumps(key, ensure_ascii=ascii_only)} :\n{written(each, ascii_only=ascii_only)}"
            for key, each in value.items()
        )
        return "{" + ",".join(members) + "\t}"
    return json.dumps(value, ensure_ascii=ascii_only)


def is_kept(sent: Any, read: Any) -> bool:
    """A number became a text of its own letters, or stayed a number that 64 bits and a double
    hold."""
    if isinstance(sent, Number):
        if isinstance(read, str):
            return read == sent
        return len(sent) <= 16 and "e" not in sent.lower() and Decimal(sent) == read
    if isinstance(sent, list):
        return len(sent) == len(read) and all(map(is_kept, sent, read))
    if isinstance(sent, dict):
        return list(sent) == list(read) and all(is_kept(sent[key], read[key]) for key in sent)
    return type(sent) is type(read) and bool(sent == read)


@settings(max_examples=300)
@given(values.filter(lambda value: isinstance(value, (list, dict))), st.booleans())
@example([LONG, "\x01", LONG, '\x01"'], True)
@example({'"': LONG, '",12345678901234567,"': [LONG, ':12345678901234567"'], "": ""}, False)
@example([Number("-1E400"), Number("1e5"), "\\", '\\"', ",1e5", LONG], True)
def test_numbers_keep_their_digits_and_texts_stay(
    connection: duckdb.DuckDBPyConnection, value: Any, ascii_only: bool
) -> None:
    document = written(value, ascii_only=ascii_only)
    rows = connection.execute(
        "SELECT readable($1), quoted_between_texts($1)", [document]
    ).fetchone()
    assert rows is not None
    for text in rows:
        read = json.loads(text, parse_float=Decimal, parse_int=Decimal)
        assert is_kept(value, read), text


@settings(max_examples=100)
@given(st.lists(numbers, min_size=1, max_size=20))
@example([Number("100.0"), LONG, Number("0.1000000000000000055"), Number("1E-9"), Number("-0")])
def test_what_a_field_reads(connection: duckdb.DuckDBPyConnection, amounts: list[Number]) -> None:
    """Through both ways into a document: a path, and a whole structure."""
    rows = connection.execute(
        """
        WITH documents AS (SELECT readable(unnest($documents)) AS document)
        SELECT document ->> '$.a', from_json(document, '{"a": "JSON"}').a ->> '$' FROM documents
        """,
        {"documents": [f'{{"id": "\\u0001", "a": {amount}}}' for amount in amounts]},
    ).fetchall()
    for amount, both in zip(amounts, rows, strict=True):
        assert {Decimal(text) for text in both} == {Decimal(amount)}


@pytest.mark.parametrize("document", ["", "{", '{"a": 1e}', '{"a": "\x01"}', '{"a": 01}', "x"])
def test_what_is_no_json_is_not_read(connection: duckdb.DuckDBPyConnection, document: str) -> None:
    assert connection.execute("SELECT readable($1)", [document]).fetchone() == (None,)
