"""The paper: the files of issued invoices, fetched once, after everything is published.

Nothing here stops or fails a run. What isn't kept yet is due again on the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipelines.errors import one_sentence
from pipelines.job.context import RunContext
from pipelines.job.events import Event
from pipelines.job.interruption import stop_if_asked
from pipelines.job.loading import FileLinks
from pipelines.publish.write import begin, beside, beside_published, publish
from pipelines.warehouse import invoice_files
from pipelines.warehouse.connection import connect

if TYPE_CHECKING:
    import duckdb

    from sources.client.foreign import FileError, ForeignFile
    from sources.extract.files import WantedFile
    from sources.vendor import ConfiguredAccount

_LOST_TOLD = 5


def archive_files(run: RunContext, accounts: Sequence[ConfiguredAccount], links: FileLinks) -> None:
    """Fetch the files that aren't kept yet, by the links that were listed in this run; keep them,
    and publish where they are."""
    stop_if_asked()
    try:
        with closing(connect(run.warehouse)) as connection:
            archive = _Archive(run, connection)
            archive.fetch(accounts, links)
        if archive.has_news:
            _publish(run)
    except Exception as error:
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        run.tell(
            Event(
                "archive_failed",
                f"The files of invoices could not all be kept: {one_sentence(error)} The tables are"
                " published; the next run goes on with the files.",
                "warning",
            )
        )


class _Archive:
    """Counts the files of a run; `has_news` is whether readers would see any difference."""

    def __init__(self, run: RunContext, connection: duckdb.DuckDBPyConnection) -> None:
        self._run = run
        self._connection = connection
        self._kept = self._failed = self._lost = 0
        self.has_news = False

    def fetch(self, accounts: Sequence[ConfiguredAccount], links: FileLinks) -> None:
        invoice_files.create(self._connection)
        wanted = self._wanted(accounts, links)
        if not wanted:
            return
        from sources.extract.files import fetch_files

        fetch_files(wanted, self._put)
        left = len(wanted) - self._kept - self._failed
        failed = f"; {self._failed} failed" if self._failed else ""
        later = f"; {left} are for the next run" if left else ""
        if self._lost > _LOST_TOLD:
            self._tell_of_loss(f"{self._lost - _LOST_TOLD} more files of invoices can't be had")
        self._run.tell(
            Event(
                "files_archived",
                f"Kept {self._kept} file(s) of invoices{failed}{later}",
                fields={"kept": self._kept, "failed": self._failed, "left": left},
            )
        )

    def _wanted(self, accounts: Sequence[ConfiguredAccount], links: FileLinks) -> list[WantedFile]:
        from sources.extract.files import WantedFile

        configured = {(each.vendor, each.name): each for each in accounts}
        with beside_published(self._connection, self._run.warehouse):
            due = list(
                invoice_files.due(self._connection, self._run.warehouse, self._run.started_at)
            )
        return [
            WantedFile(configured[each.vendor, each.account], each.invoice_id, link)
            for each in due
            if (found := links.get((each.vendor, each.account)))
            and (link := found.get((each.listing, each.document_key)))
        ]

    def _put(self, wanted: WantedFile, found: ForeignFile | FileError) -> None:
        now = datetime.now(UTC)
        if isinstance(found, Exception):
            self._note_failed(wanted, found, now)
            return
        media_type = wanted.files.media_type
        kept = invoice_files.keep(self._run.warehouse, found.content, media_type)
        invoice_files.note_kept(
            self._connection, wanted.invoice_id, kept, media_type, found.host, now
        )
        self._kept += 1
        self.has_news = True

    def _note_failed(self, wanted: WantedFile, error: FileError, now: datetime) -> None:
        self._failed += 1
        is_new = invoice_files.note_failed(
            self._connection, wanted.invoice_id, str(error), now, is_lost=error.is_final
        )
        if is_new:
            self.has_news = True
            self._lost += 1
            if self._lost <= _LOST_TOLD:
                vendor, account = wanted.configured.vendor, wanted.configured.name
                self._tell_of_loss(
                    f"{vendor} {account}: the file of invoice {wanted.invoice_id} can't be had:"
                    f" {error}",
                    {"vendor": vendor, "account": account, "invoice_id": wanted.invoice_id},
                )

    def _tell_of_loss(self, problem: str, fields: Mapping[str, object] | None = None) -> None:
        message = f"{problem}. Save what you need by hand, from the vendor's own pages."
        self._run.tell(Event("file_lost", message, "warning", fields or {}))


def _publish(run: RunContext) -> None:
    """What is published once more, with the new files; where somebody else wrote to it meanwhile,
    the next run does."""
    with beside(run.warehouse) as folder, closing(connect(run.warehouse)) as connection:
        if not begin(connection, run.warehouse, folder, lambda _: True):
            return
        invoice_files.copy(connection, "work")
        names = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'next'"
            " AND schema_name = 'main' UNION ALL SELECT view_name FROM duckdb_views()"
            " WHERE database_name = 'next' AND schema_name = 'main' AND NOT internal"
        ).fetchall()
        tables = [name for (name,) in names]
        unchanged = set(tables) - {invoice_files.TABLE}
        publish(connection, run.warehouse, folder, tables, unchanged=unchanged)
