"""The ECB's file of rates: fetched over a socket, kept cell by cell; another file is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sandbox.rates import shipped, zipped
from sources import exchange_rates
from sources.exchange_rates import RatesError, fetch, parsed
from tests.support.listening import answering

LINES = ["Date,USD,JPY,", "2026-10-30,1.1172,N/A,", "2026-10-29,1.1,150.00,"]
ROWS = {
    "2026-10-30": {"USD": "1.1172", "JPY": "N/A"},
    "2026-10-29": {"USD": "1.1", "JPY": "150.00"},
}


def read(packed: bytes) -> dict[str, dict[str, str]]:
    return {day: json.loads(document) for day, document in parsed(packed).items()}


def test_each_cell_stays_as_it_came() -> None:
    assert read(zipped(LINES)) == ROWS
    assert read(zipped(["\ufeffDate, USD, JPY", "2026-10-30,1.1172,N/A", ""])) == {
        "2026-10-30": ROWS["2026-10-30"]
    }


def test_the_file_that_a_package_ships() -> None:
    found = parsed(zipped(shipped().splitlines()))
    assert len(found) > 7000
    assert json.loads(found["1999-01-04"])["USD"] == "1.1789"
    assert json.loads(found["2022-03-02"])["RUB"] == "N/A"
    assert "" not in json.loads(found["1999-01-04"])


def two_files() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.csv", "Date,USD")
        archive.writestr("b.csv", "Date,USD")
    return target.getvalue()


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"<html>moved</html>",
        zipped(LINES)[:-40],
        zipped(LINES).replace(b"eurofxref", b"eurofxreg", 1),
        two_files(),
        zipped([]),
        zipped(["Date"]),
        zipped(LINES[:1]),
        zipped(["Day,USD,", "2026-10-30,1,"]),
        zipped(["Date,Dollar,", "2026-10-30,1,"]),
        zipped(["Date,USD,,JPY", "2026-10-30,1,,2"]),
        zipped(["Date,USD,", "2026-10-30"]),
        zipped(["Date,USD,", "2026-10-30,1,2,"]),
        zipped(["Date,USD,", "30.10.2026,1,"]),
        zipped(["Date,USD,", "20261030,1,"]),
        zipped(["Date,USD,", "2026-02-30,1,"]),
        zipped(["Date,USD,", "2026-10-30,1,", "2026-10-30,2,"]),
        zipped(['Date,USD,"', "2026-10-30,1,"]),
        zipped(LINES).replace(b"PK\x03\x04", b"PK\x03\x05", 1),
    ],
)
def test_what_is_another_file_is_refused(packed: bytes) -> None:
    with pytest.raises(RatesError, match="not the ECB's file of rates"):
        parsed(packed)


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_rates, "UNPACKED_LIMIT", 40)
    with pytest.raises(RatesError, match="larger than"):
        parsed(zipped(LINES))


@contextmanager
def serving(answers: list[tuple[int, bytes]]) -> Iterator[str]:
    """These answers, one after the other; without a body the connection breaks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop(0)
            if not status:
                self.close_connection = True
                return
            assert self.headers["Authorization"] is None
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, answering(server):
        yield f"http://127.0.0.1:{server.server_port}/rates.zip"


def test_fetched_over_a_socket_and_once_more_where_it_broke(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sources.exchange_rates.time.sleep", lambda _: None)
    with serving([(0, b""), (200, zipped(LINES))]) as url:
        assert fetch(url) == parsed(zipped(LINES))
    with serving([(0, b"")] * 3) as url, pytest.raises(RatesError, match="3 attempts"):
        fetch(url)


@pytest.mark.parametrize("status", [302, 404, 503])
def test_what_is_no_success_is_told(status: int) -> None:
    with serving([(status, b"no")]) as url, pytest.raises(RatesError, match=f"answered {status}"):
        fetch(url)


def test_an_answer_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_rates, "PACKED_LIMIT", 40)
    with serving([(200, zipped(LINES))]) as url, pytest.raises(RatesError, match="larger than"):
        fetch(url)


def test_one_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_rates, "LONGEST_SECONDS", -1.0)
    with serving([(200, zipped(LINES))]) as url, pytest.raises(RatesError, match="took longer"):
        fetch(url)
