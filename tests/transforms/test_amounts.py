"""Amounts: what SQL reads against what Python's Decimal says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.transform import project
from sandbox.money import rounded

INVOICE, LINE = 10**17, 10**13
digits = st.text("0123456789", min_size=1, max_size=21)
signs = st.sampled_from(["", "-"])
exponents = st.one_of(st.just(""), st.integers(-12, 12).map(lambda power: f"e{power}"))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        for statements in project.macros():
            opened.execute(statements)
        yield opened


@st.composite
def json_numbers(draw: st.DrawFn) -> str:
    whole = str(int(draw(digits)))
    fraction = draw(st.one_of(st.just(""), digits.map(lambda text: f".{text}")))
    return draw(signs) + whole + fraction + draw(exponents)


@st.composite
def number_texts(draw: st.DrawFn) -> str:
    text = draw(json_numbers())
    return draw(st.sampled_from(["", "+", " "])) + text if not text.startswith("-") else text


def cents(
    connection: duckdb.DuckDBPyConnection, amounts: Sequence[str], factor: int
) -> list[int | None]:
    """Minor units of JSON values, each read out of a document of its own."""
    rows = connection.execute(
        """
        WITH documents AS (
            SELECT unnest($documents) AS document, CAST($factor AS DECIMAL(5, 0)) AS factor
        ),
        numbers AS (
            SELECT number_text(readable(document) -> '$.amount') AS number, factor FROM documents
        )
        SELECT invoice_amount(minor_units(number, factor)) FROM numbers
        """,
        {"documents": [f'{{"id": 1, "amount": {amount}}}' for amount in amounts], "factor": factor},
    )
    return [row[0] for row in rows.fetchall()]


def expected(number: str, factor: int, bound: int = INVOICE) -> int | None:
    """The rule in Python: half away from zero, at full length; what is too large isn't read."""
    with localcontext(prec=100):
        rounded = int((Decimal(number.strip()) * factor).quantize(Decimal(1), ROUND_HALF_UP))
    return rounded if abs(rounded) <= bound else None


@settings(max_examples=30)
@given(st.lists(json_numbers(), min_size=1, max_size=80), st.sampled_from([1, 100, 1000, 10000]))
@example(
    ["10.29", "0.005", "-0.005", "0.00499999999999999999", "-0.0", "0e5", "1e-9", "1.005"], 100
)
@example(
    ["12345678901234567", "123456789012.12345", "123456789012345.000", "92233720368547758.07"], 100
)
@example(["0.1000000000000000055", "1200.0000000000002", "4.999999999999999e-3"], 100)
@example(["46.120000000000005", "1234.5600000000002", "0.30000000000000004", "9e18"], 1)
@example(["1000000000000000.00", "1000000000000000.01", "-1e15", "-1000000000000000.005"], 100)
@example(["9223372036854775808", "123456789012345678901234567890", "1.005e0", "5E-3"], 100)
def test_json_numbers(
    connection: duckdb.DuckDBPyConnection, numbers: list[str], factor: int
) -> None:
    read = cents(connection, numbers, factor)
    assert read == [expected(number, factor) for number in numbers]


@settings(max_examples=30)
@given(st.lists(number_texts(), min_size=1, max_size=80), st.sampled_from([1, 100, 1000, 10000]))
@example(
    ["0.0049999999999999999999999", "12345678901234567.89", "4.99999999999999999e-3", "-1.5e3"], 100
)
@example(["92233720368547758.07", "92233720368547758.08", "-92233720368547758.07", "-0"], 100)
def test_number_texts(
    connection: duckdb.DuckDBPyConnection, numbers: list[str], factor: int
) -> None:
    read = cents(connection, [json.dumps(number) for number in numbers], factor)
    assert read == [expected(number, factor) for number in numbers]


def test_zeros_and_white_space_around_a_number(connection: duckdb.DuckDBPyConnection) -> None:
    amounts = ["1E+0002", "10000e-0002", '"\\t100\\n"', '" 1e0002 "']
    assert cents(connection, amounts, 100) == [10_000] * 4
    row = connection.execute(
        "SELECT quantity_of(CAST($1 AS JSON)), is_absent(CAST($2 AS JSON)),"
        " is_absent(CAST($3 AS JSON)), stated(e' usd\\n')",
        ['"\\t7\\n"', '"\\t\\r\\n "', '"tr"'],
    ).fetchone()
    assert row == (7, True, False, "usd")


@pytest.mark.parametrize(
    "amount",
    [
        *('"ten"', '""', '"1,2"', '"1_000"', '"0x10"', '"--5"', '"1e9999"', '"NaN"', '"1.2.3"'),
        *('"∞"', '"١٢"', '"5 USD"', '"(5)"', "true", "null", "{}", "[]", "NaN", "1e400"),
        *("123456789012345678901234567890", '"\\t"', '"1e"', '"e5"', '"."', '"+-1"'),
    ],
)
def test_what_is_no_number_is_not_read(connection: duckdb.DuckDBPyConnection, amount: str) -> None:
    assert cents(connection, [amount], 100) == [None]


@settings(max_examples=30)
@given(st.lists(json_numbers(), min_size=1, max_size=80), st.booleans())
@example(["-1.195006296181621e26", "1e26", "99999999999999999999999999.999999999999"], True)
@example(["6.035e-07", "1e-400", "123456.1234567890125", "0.30000000000000004", "2E-2"], False)
@example(["123456789012345.123456789012", "0.1000000000000000055"], False)
def test_quantities_have_twelve_exact_decimals(
    connection: duckdb.DuckDBPyConnection, numbers: list[str], as_texts: bool
) -> None:
    """Also as many digits as DECIMAL(38, 12) has, and never one more."""
    values = [json.dumps(number) if as_texts else number for number in numbers]
    rows = connection.execute(
        "SELECT quantity_of(readable(unnest($documents)) -> '$.quantity')",
        {"documents": [f'{{"quantity": {value}}}' for value in values]},
    ).fetchall()
    for number, (read,) in zip(numbers, rows, strict=True):
        with localcontext(prec=100):
            value = Decimal(number).quantize(Decimal("1e-12"), ROUND_HALF_UP)
            fits = abs(value) < Decimal("1e26")
        assert read == (value if fits else None), number


def test_a_line_is_bounded_closer_than_an_invoice(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        "SELECT line_amount(cents), invoice_amount(cents) FROM (SELECT unnest($cents) AS cents)",
        {"cents": [LINE, -LINE, LINE + 1, -LINE - 1, INVOICE, -INVOICE, INVOICE + 1, -(2**63)]},
    ).fetchall()
    assert rows == [
        (LINE, LINE),
        (-LINE, -LINE),
        (None, LINE + 1),
        (None, -LINE - 1),
        (None, INVOICE),
        (None, -INVOICE),
        (None, None),
        (None, None),
    ]


def read_through(
    connection: duckdb.DuckDBPyConnection, macro: str, values: Sequence[str]
) -> list[int | None]:
    """Cents of JSON values in a vendor's own form, which `macro` turns into the usual one."""
    rows = connection.execute(
        f"""
        WITH amounts AS MATERIALIZED (SELECT {macro}(CAST(unnest($values) AS JSON)) AS amount),
        numbers AS MATERIALIZED (SELECT number_text(amount) AS number FROM amounts)
        SELECT minor_units(number, 100) FROM numbers
        """,
        {"values": list(values)},
    )
    return [row[0] for row in rows.fetchall()]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.booleans()), min_size=1, max_size=80))
def test_formatted_prices(
    connection: duckdb.DuckDBPyConnection, prices: list[tuple[int, bool]]
) -> None:
    texts = [
        ("-" if cents < 0 else "")
        + ("$" if has_sign else "")
        + f"{abs(cents) // 100:,}.{abs(cents) % 100:02}"
        for cents, has_sign in prices
    ]
    read = read_through(connection, "formatted_price", [json.dumps(text) for text in texts])
    assert read == [cents for cents, _ in prices]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 10**12), st.integers(0, 99), st.booleans()),
        min_size=1,
        max_size=80,
    )
)
@example([(0, 5, False)])
def test_signed_amounts(
    connection: duckdb.DuckDBPyConnection, amounts: list[tuple[int, int, bool]]
) -> None:
    values = [
        json.dumps({"integral": i, "fractional": f, "isNegative": negative})
        for i, f, negative in amounts
    ]
    read = read_through(connection, "signed_amount", values)
    assert read == [(-1 if negative else 1) * (i * 100 + f) for i, f, negative in amounts]


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        ({"integral": 1, "fractional": 500}, 600),
        ({"integral": -12, "fractional": -50}, -1250),
        ({"integral": -12, "fractional": 0, "isNegative": False}, -1200),
        ({"integral": -12, "fractional": -50, "isNegative": True}, -1250),
        ({"integral": 12.0, "fractional": "5", "isNegative": None}, 1205),
        ({"fractional": 5, "isNegative": True}, -5),
        ({"integral": 3, "fractional": None}, 300),
        ({"integral": -12, "fractional": 50}, None),
        ({"integral": 12.5, "fractional": 0}, None),
        ({"integral": 1, "fractional": "x"}, None),
        ({"integral": 1, "fractional": 0, "isNegative": "no"}, None),
        ({"currencyCode": "GBP"}, None),
    ],
)
def test_unusual_signed_amounts(
    connection: duckdb.DuckDBPyConnection, value: dict[str, object], cents: int | None
) -> None:
    assert read_through(connection, "signed_amount", [json.dumps(value)]) == [cents]


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 999_999_999), st.booleans())),
)
@example([(12, 50_000_000, False), (1, 750_000_000, True), (0, 5_000_000, True), (0, 0, True)])
def test_units_and_nanos(
    connection: duckdb.DuckDBPyConnection, amounts: list[tuple[int, int, bool]]
) -> None:
    signed = [(-u, -n) if negative else (u, n) for u, n, negative in amounts]
    values = [json.dumps({"units": units, "nanos": nanos}) for units, nanos in signed]
    cents = [rounded(Decimal(u) * 100 + Decimal(n) / 10**7) for u, n in signed]
    assert read_through(connection, "units_and_nanos", values) == cents
    negated = read_through(connection, "negated_units_and_nanos", values)
    assert negated == [-each for each in cents]


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        ({"units": "12", "nanos": "50000000"}, 1205),
        ({"units": 12, "nanos": None}, 1200),
        ({"nanos": -50_000_000}, -5),
        ({"units": 0, "nanos": -10_000_000}, -1),
        ({"units": 1, "nanos": -1}, None),
        ({"units": -1, "nanos": 1}, None),
        ({"units": 0, "nanos": 1_000_000_000}, None),
        ({"units": 0, "nanos": -1_000_000_000}, None),
        ({"units": 1.5, "nanos": 0}, None),
        ({"currency_code": "EUR"}, None),
        (12.05, 1205),
    ],
)
def test_unusual_units_and_nanos(
    connection: duckdb.DuckDBPyConnection, value: object, cents: int | None
) -> None:
    assert read_through(connection, "units_and_nanos", [json.dumps(value)]) == [cents]


@pytest.mark.parametrize(
    ("text", "cents"),
    [(" $10.29 ", 1029), ("$ 10", 1000), ("$-5", -500), ("$.50", 50), ("+5", 500), ("$", None)],
)
def test_unusual_prices(
    connection: duckdb.DuckDBPyConnection, text: str, cents: int | None
) -> None:
    assert read_through(connection, "formatted_price", [json.dumps(text)]) == [cents]
