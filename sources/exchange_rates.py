"""The ECB's euro reference rates: one zip with one CSV of all days since 1999.

https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date

import httpx

from sources.client.origin import is_loopback
from sources.client.surroundings import check_proxies, trusted_certificates
from sources.client.unpacking import MEBIBYTE

# The file of 2026 has 0.7 and 1.9.
PACKED_LIMIT = 16 * MEBIBYTE
UNPACKED_LIMIT = 64 * MEBIBYTE
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
# A server that sends a byte a minute meets every other timeout.
LONGEST_SECONDS = 120.0
_ATTEMPTS = 3
_OK = 200
_DAY = "Date"
_CURRENCY = re.compile(r"[A-Z]{3}")


class RatesError(Exception):
    """The rates could not be fetched or read; says why, and what a person can do."""


def fetch(url: str) -> dict[str, str]:
    """Each day's row, by its day (`2026-03-31`), as a JSON object of its cells by currency. No cell
    is interpreted: `N/A` stays.

    Raises:
        RatesError: nothing came, or something else than such a file.
    """
    return parsed(_download(url))


def parsed(packed: bytes) -> dict[str, str]:
    """The rows of such a zip. Raises RatesError."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            [member] = archive.namelist()
            with archive.open(member) as stream:
                content = stream.read(UNPACKED_LIMIT + 1)
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, OSError, EOFError):
        raise _unusable("the answer is no zip of one file") from None
    except Exception as error:  # zlib.error, lzma's: whatever unpacks it
        raise _unusable(f"the zip can't be unpacked ({type(error).__name__})") from None
    if len(content) > UNPACKED_LIMIT:
        raise _unusable(f"the file is larger than {UNPACKED_LIMIT / MEBIBYTE:g} MiB")
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise _unusable("the file is no CSV in UTF-8") from None
    return dict(_documents(rows))


def _documents(rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    head = [cell.strip() for cell in rows[0]] if rows else []
    while head and not head[-1]:
        head.pop()  # each line ends with a comma
    currencies = head[1:]
    if head[:1] != [_DAY] or not currencies or not all(map(_CURRENCY.fullmatch, currencies)):
        raise _unusable(f"its first line isn't {_DAY} and currencies")
    seen: set[str] = set()
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        cells = [cell.strip() for cell in row[: len(head)]]
        if len(cells) < len(head) or any(cell.strip() for cell in row[len(head) :]):
            raise _unusable(f"line {number} has another number of columns than the first")
        if not _is_day(cells[0]) or cells[0] in seen:
            raise _unusable(f"line {number} begins with no day, or with one that was there already")
        seen.add(cells[0])
        yield cells[0], json.dumps(dict(zip(currencies, cells[1:], strict=True)))
    if not seen:
        raise _unusable("it holds no day")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _download(url: str) -> bytes:
    check_proxies()
    trust_env = not is_loopback(httpx.URL(url).host)
    with closing(
        httpx.Client(
            verify=trusted_certificates(),
            trust_env=trust_env,
            timeout=TIMEOUT,
            follow_redirects=False,
            headers={"User-Agent": "billhouse", "Accept-Encoding": "identity"},
        )
    ) as client:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return _answer(client, url)
            except httpx.HTTPError as error:
                if attempt == _ATTEMPTS:
                    reason = str(error).rstrip(".") or type(error).__name__
                    raise RatesError(
                        f"{url} can't be reached: {reason} ({_ATTEMPTS} attempts). Let this machine"
                        " reach it, or name another place in rates_url of [reporting]"
                    ) from None
                time.sleep(attempt)
    raise AssertionError  # the loop returns or raises


def _answer(client: httpx.Client, url: str) -> bytes:
    began = time.monotonic()
    content = bytearray()
    with client.stream("GET", url) as response:
        if response.status_code != _OK:
            raise RatesError(
                f"{url} answered {response.status_code}. If it repeats, check rates_url of"
                " [reporting]"
            )
        for piece in response.iter_raw():
            content += piece
            if len(content) > PACKED_LIMIT:
                raise _unusable(f"the answer is larger than {PACKED_LIMIT / MEBIBYTE:g} MiB")
            if time.monotonic() - began > LONGEST_SECONDS:
                raise RatesError(f"{url} took longer than {LONGEST_SECONDS:g} s")
    return bytes(content)


def _unusable(problem: str) -> RatesError:
    return RatesError(
        f"what came is not the ECB's file of rates: {problem}. Check rates_url of [reporting], and"
        " any proxy on the way"
    )
