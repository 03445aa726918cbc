"""The comparison of `make test-bi` sees what is different; Superset itself isn't needed here."""

from __future__ import annotations

from tests.bi.superset import differences


def test_order_is_no_difference_and_numbers_are_compared_as_numbers() -> None:
    assert differences([("USD", 100.0), ("EUR", 7)], [("EUR", 7), ("USD", 100)]) == []


def test_a_cent_a_missing_row_and_a_repeated_one() -> None:
    shown = [("USD", 101), ("EUR", 7), ("EUR", 7)]
    assert differences(shown, [("USD", 100), ("EUR", 7), ("GBP", None)]) == [
        "only in Superset: ('USD', 101)",
        "only in Superset: ('EUR', 7)",
        "only in DuckDB: ('USD', 100)",
        "only in DuckDB: ('GBP', None)",
    ]
