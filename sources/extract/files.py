"""The files of invoices (PDF, CSV), fetched side by side within a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sources.client.client import Client
from sources.client.foreign import FILE_LIMIT, FileError, ForeignFile, download
from sources.client.pool import Pool
from sources.errors import SourceError
from sources.vendor import ConfiguredAccount, InvoiceFiles

FILES_AT_ONCE = 4
FILE_SECONDS = 30.0
# What is left after it is for the next run.
ALL_SECONDS = 180.0
_PDF = b"%PDF-"
_NO_CSV = (b"<", b"{", b"[")


@dataclass(frozen=True)
class WantedFile:
    """An invoice's file, by what its vendor's `files.link` read from the listed document."""

    configured: ConfiguredAccount
    invoice_id: str
    link: str

    @property
    def files(self) -> InvoiceFiles[Any]:
        assert self.configured.definition.files is not None  # noqa: S101
        return self.configured.definition.files


Put = Callable[[WantedFile, ForeignFile | FileError], None]


def fetch_files(wanted: Sequence[WantedFile], put: Put, *, seconds: float = ALL_SECONDS) -> None:
    """Fetch them, an account's one after the other, and `put` each that came or failed.

    What no time is left for isn't put. Raises ConfigurationError: see `sources.client.pool`.
    """
    asyncio.run(_fetch(wanted, put, seconds))


async def _fetch(wanted: Sequence[WantedFile], put: Put, seconds: float) -> None:
    def account(file: WantedFile) -> tuple[str, str]:
        return file.configured.vendor, file.configured.name

    pool = Pool()
    turns = asyncio.Semaphore(FILES_AT_ONCE)
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for _, files in groupby(sorted(wanted, key=account), account):
                group.create_task(_of_account(pool, list(files), turns, put))
    except TimeoutError:
        return
    finally:
        await pool.aclose()


async def _of_account(
    pool: Pool, wanted: Sequence[WantedFile], turns: asyncio.Semaphore, put: Put
) -> None:
    async with pool.client(wanted[0].configured.caller()) as client:
        for each in wanted:
            async with turns:
                try:
                    async with asyncio.timeout(FILE_SECONDS):
                        found = await _one(client, each)
                except TimeoutError:
                    put(each, FileError(f"it took longer than {FILE_SECONDS:.0f} s"))
                except FileError as error:
                    put(each, error)
                else:
                    put(each, found)


async def _one(client: Client, wanted: WantedFile) -> ForeignFile:
    files, base_url = wanted.files, wanted.configured.base_url
    if files.accept is None:
        found = await download(wanted.link, files.hosts, base_url)
    else:
        url = client.url(wanted.link)
        accept = files.accept(wanted.configured.account)
        try:
            content = await client.get_url(url, bytes, accept=accept, limit=FILE_LIMIT)
        except SourceError as error:
            raise FileError(error.summary) from None
        found = ForeignFile(content, url.host)
    if not _is_what_it_should_be(found.content, files.media_type):
        raise FileError(
            f"what {found.host} sent is no {files.media_type.partition('/')[2].upper()}",
            is_final=True,
        )
    return found


def _is_what_it_should_be(content: bytes, media_type: str) -> bool:
    """By the bytes: what a server calls it is its word alone."""
    if media_type == "application/pdf":
        return content.startswith(_PDF)
    try:
        is_text = "\0" not in content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return is_text and bool(content.strip()) and not content.lstrip().startswith(_NO_CSV)
