"""Lawful JSON that msgspec refuses costs nothing but what can't be read of it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.client.decoding import DEEPEST, decode
from tests.sources.fetching import account, fetched
from tests.sources.scripted import Request, Scripted, response

# Half of the pairs that are written so have no other half.
HALVES = st.text(st.sampled_from('\ud83d\ude00\\u"é d'), max_size=12)


@given(st.dictionaries(HALVES, HALVES, max_size=3))
def test_half_a_pair_becomes_the_replacement_character(value: dict[str, str]) -> None:
    sent = json.dumps(value)
    read = decode(sent.encode(), dict[str, str])
    expected = json.loads(sent, object_pairs_hook=lambda pairs: [*map(_whole, pairs)])
    assert read == dict(expected)


def _whole(pair: tuple[str, str]) -> tuple[str, str]:
    key, value = (
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in pair
    )
    return key, value


@pytest.mark.parametrize("depth", [1_100, 100_000])
def test_what_is_too_deep_is_a_text_in_its_place(depth: int) -> None:
    lists = "[" * depth + '"]\\""' + "]" * depth
    read = decode(f'{{"deep":{lists},"id" : 1.0}}'.encode(), msgspec.Raw)

    kept = bytes(read).decode()
    shallow = DEEPEST - 1
    text = json.dumps(lists[shallow:-shallow])
    assert kept == f'{{"deep":{"[" * shallow}{text}{"]" * shallow},"id" : 1.0}}'
    assert bytes(decode(kept.encode(), msgspec.Raw)).decode() == kept


@pytest.mark.parametrize("body", ["[[", "[" * 2000, '["\\ud83d"', '{"a":\\ud83d}', "<p>\\ud83d"])
def test_what_is_no_json_stays_none(body: str) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        decode(body.encode(), msgspec.Raw)


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        (
            '{"invoice_number":"B","memo":"cut \\ud83d"}',
            '{"invoice_number":"B","memo":"cut \\ufffd"}',
        ),
        ('{"invoice_number":"B\\udc00"}', '{"invoice_number":"B\\ufffd"}'),
    ],
)
def test_the_other_documents_come_as_they_are(server: Scripted, odd: str, kept: str) -> None:
    good = '{ "invoice_number": "A", "memo": "\\ud83d\\ude00 \\\\ud83d" }'
    server.in_turn(response(f'{{"invoices":[{good},{odd}]}}'))
    assert fetched(account("turso", server.url)).documents == [good, kept] * 2


def test_a_token_may_come_with_half_a_pair(server: Scripted) -> None:
    def answer(request: Request) -> bytes:
        token = '{"access_token":"t","scope":"\\ud83d"}'
        return response(token if request.method == "POST" else '{"results":[]}')

    server.answer = answer
    keys = {"org_id": "acme", "client_id": "client", "client_secret": "secret"}
    assert fetched(account("mongodb", server.url, keys)).results[0].outcome == "ok"
